/**
 * File names of the Universal Category System: `CatID_FXName_CreatorID_SourceID_UserData`. An underscore parts the
 * blocks, so no block has one.
 */
import { CAT_ID } from '../../protocol/cat-id.ts';
import { readName } from '../words/read.ts';
import { OTHER_CATEGORIES, SOUNDS } from '../words/sounds.ts';

const categories = Object.assign(
  {},
  OTHER_CATEGORIES,
  ...SOUNDS.map(({ catIds }) => catIds),
) as typeof OTHER_CATEGORIES;

/** Of a class that nobody gave one. */
export const NO_CATEGORY = 'FOLYMisc';

/** What a person, a server's owner or a voice says first; then what the name says; then Foley in general. */
export function catIdOf(name: string, said: readonly (string | undefined)[]): string {
  const given = said.find((id) => id !== undefined && CAT_ID.test(id));
  if (given !== undefined) return given;
  const { means } = readName(name);
  const sound = SOUNDS.find((one) => means.has(one));
  return sound === undefined ? NO_CATEGORY : Object.keys(sound.catIds)[0]!;
}

/** Empty of an id that is not known here. */
export function categoryOf(catId: string): { category?: string; subCategory?: string } {
  const [category, subCategory] = Object.hasOwn(categories, catId) ? categories[catId]! : [];
  return category === undefined || subCategory === undefined ? {} : { category, subCategory };
}

export interface NameParts {
  catId: string;
  fxName: string;
  creatorId: string;
  sourceId: string;
  userData: string;
}

/** Fewer than 25 characters, as UCS asks for. */
const FX_CHARS = 24;

/** The parts as a file name has them. */
export function cleanParts({ catId, fxName, creatorId, sourceId, userData }: NameParts): NameParts {
  return {
    catId,
    fxName: block(fxName, FX_CHARS) || 'Sound',
    creatorId: block(creatorId, 24) || 'FOLEYD',
    sourceId: block(sourceId, 24) || 'NONE',
    userData: block(userData, 40),
  };
}

/** Without an ending. */
export function fileName(parts: NameParts): string {
  const { catId, fxName, creatorId, sourceId, userData } = cleanParts(parts);
  return [catId, fxName, creatorId, sourceId, ...(userData === '' ? [] : [userData])].join('_');
}

/** Words as every file system takes them; cut between characters. */
function block(text: string, most: number): string {
  const plain = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} .+,()-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s\p{M}.,-]+/u, '');
  return [...plain]
    .slice(0, most)
    .join('')
    .replace(/[\s.,-]+$/, '');
}
