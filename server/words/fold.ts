/** Marks on Latin letters; those of Japanese make another letter. */
const LATIN_MARKS = /[\u0300-\u036f]/g;

/** Text as it is compared: without case, width, accents and way of writing them (NFC or NFD). */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(LATIN_MARKS, '')
    .replaceAll('ß', 'ss')
    .normalize('NFC');
}

/** Its words, folded: also those of a name that is written as one, as DogBark is. */
export function wordsOf(text: string): string[] {
  return fold(text.normalize('NFC').replace(/(\p{Ll})(?=\p{Lu})/gu, '$1 ')).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
