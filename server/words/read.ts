/** Reads which kinds of sound a name means. It looks names up in a table; it is no model of language. */
import { fold, wordsOf } from './fold.ts';
import { CJK_ENDS, CONJUNCTIONS, FILLERS, NEGATIONS, PREPOSITIONS, QUALIFIERS } from './function-words.ts';
import { type Language, SOUNDS, type Sound } from './sounds.ts';

export interface Reading {
  /** What the whole name is; empty where a word in a deciding place is not known. */
  means: ReadonlySet<Sound>;
  /** Every kind of sound that it mentions. */
  mentions: ReadonlySet<Sound>;
  /** Whether it says nothing else. */
  whole: boolean;
}

interface Entry {
  sound: Sound;
  languages: Set<Language>;
}

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** Words of the longest phrase. */
const LONGEST = 4;

const phrases = new Map<string, Entry>();
const compoundEnds: { end: string; sound: Sound }[] = [];
const cjkWords: { word: string; sound: Sound }[] = [];
const catIds = new Map<string, Sound>();

for (const sound of SOUNDS) {
  for (const id of Object.keys(sound.catIds)) catIds.set(id.toLowerCase(), sound);
  for (const [language, list] of Object.entries(sound.words)) {
    for (const item of list.split(', ')) {
      const phrase = CJK.test(item) ? fold(item) : wordsOf(item).join(' ');
      if (item.startsWith('-')) compoundEnds.push({ end: phrase, sound });
      if (CJK.test(item)) cjkWords.push({ word: phrase, sound });
      // Names of files and folders are often written as one word.
      for (const key of new Set([phrase, phrase.replaceAll(' ', '')])) {
        const entry = phrases.get(key) ?? { sound, languages: new Set() };
        entry.languages.add(language as Language);
        phrases.set(key, entry);
      }
    }
  }
}
// The longest first: "bark" is in the middle of other words' names.
cjkWords.sort((a, b) => b.word.length - a.word.length);

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' ').map(fold));
const [fillers, qualifiers, prepositions] = [setOf(FILLERS), setOf(QUALIFIERS), setOf(PREPOSITIONS)];
const [conjunctions, negations] = [setOf(CONJUNCTIONS), setOf(NEGATIONS)];

const NOTHING: Reading = { means: new Set(), mentions: new Set(), whole: false };

/** The kind of sound that a CatID of the Universal Category System is the category of. */
export function soundOfCatId(text: string): Sound | undefined {
  return catIds.get(text.toLowerCase());
}

/** Every word and phrase that is known, folded, with its kind of sound. */
export function* knownWords(): Iterable<{ word: string; sound: Sound }> {
  for (const [word, { sound }] of phrases) yield { word, sound };
}

export function readName(name: string): Reading {
  if (CJK.test(name)) return readCjk(fold(name).replace(/\s+/g, ''));
  const words = wordsOf(name);
  const [first = ''] = words;
  // "no" is a preposition in Portuguese, but not before everything else.
  const negated = first === 'no' || words.some((word) => negations.has(word));
  const means = new Set<Sound>();
  const mentions = new Set<Sound>();
  let understood = !negated && words.length > 0;
  let whole = true;
  for (const part of parts(words)) {
    const items = matched(part);
    for (const { text, entry } of items) {
      if (entry !== null) mentions.add(entry.sound);
      else if (!fillers.has(text)) whole = false;
    }
    const found = decide(items);
    if (found === null) understood = false;
    else for (const sound of found) means.add(sound);
  }
  return { means: understood ? means : new Set(), mentions, whole };
}

/** A word, or the words of a phrase that is known. */
interface Item {
  text: string;
  entry: Entry | null;
}

function* parts(words: readonly string[]): Iterable<readonly string[]> {
  let begin = 0;
  for (let i = 0; i <= words.length; i++) {
    if (i < words.length && !conjunctions.has(words[i]!)) continue;
    yield words.slice(begin, i);
    begin = i + 1;
  }
}

function matched(words: readonly string[]): Item[] {
  const items: Item[] = [];
  for (let i = 0; i < words.length; ) {
    let length = Math.min(LONGEST, words.length - i);
    while (length > 1 && !phrases.has(words.slice(i, i + length).join(' '))) length--;
    const text = words.slice(i, i + length).join(' ');
    items.push({ text, entry: phrases.get(text) ?? compound(text) });
    i += length;
  }
  return items;
}

function compound(word: string): Entry | null {
  const found = compoundEnds.find(({ end }) => word.endsWith(end));
  return found === undefined ? null : { sound: found.sound, languages: new Set(['de']) };
}

/**
 * The name of a sound stands before the first preposition. There an unknown word may come before it in Germanic
 * languages ("leather boot steps") and after it in Romance ones ("pas lourds"): on its other side it would be what is
 * named ("car door"), so nothing is understood. Null where nothing is.
 */
function decide(items: readonly Item[]): Set<Sound> | null {
  const said = items.filter(({ text, entry }) => entry !== null || !(fillers.has(text) || /^\p{N}+$/u.test(text)));
  const begin = said.findIndex(({ text, entry }) => entry !== null || !prepositions.has(text));
  if (begin < 0) return null;
  const rest = said.slice(begin);
  const cut = rest.findIndex(({ text, entry }) => entry === null && prepositions.has(text));
  const core = cut < 0 ? rest : rest.slice(0, cut);
  const known = core.flatMap(({ entry }, i) => (entry === null ? [] : [{ entry, i }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return null;
  const plain = ({ text, entry }: Item): boolean => entry !== null || qualifiers.has(text);
  const romance = [...first.entry.languages].some((language) => ['fr', 'es', 'it', 'pt'].includes(language));
  const germanic = [...last.entry.languages].some((language) => ['en', 'de'].includes(language));
  const fits = (germanic && core.slice(last.i).every(plain)) || (romance && core.slice(0, first.i).every(plain));
  return fits ? new Set(known.map(({ entry }) => entry.sound)) : null;
}

/** Japanese and Chinese name the sound last. A single sign is one only by itself: in 電車 there is no 車. */
function readCjk(text: string): Reading {
  if ([...negations].some((word) => CJK.test(word) && text.includes(word))) return NOTHING;
  const mentions = new Set<Sound>();
  let left = text;
  for (const { word, sound } of cjkWords) {
    if (word.length === 1 ? !left.split(/[の的]/).includes(word) : !left.includes(word)) continue;
    mentions.add(sound);
    left = left.replaceAll(word, '\0');
  }
  const ends = [text, ...CJK_ENDS.filter((end) => text.endsWith(end)).map((end) => text.slice(0, -end.length))];
  for (const end of ends) {
    const last = end.split(/[の的]/).at(-1)!;
    const found = cjkWords.find(({ word }) => (word.length === 1 ? last === word : end.endsWith(word)));
    if (found !== undefined) return { means: new Set([found.sound]), mentions, whole: found.word === end };
  }
  return { means: new Set(), mentions, whole: false };
}
