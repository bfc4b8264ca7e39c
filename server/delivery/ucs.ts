/**
 * File names of the Universal Category System: `CatID_FXName_CreatorID_SourceID_UserData`. An underscore parts the
 * blocks, so no block has one.
 */
import { CAT_ID } from '../../protocol/cat-id.ts';

/** Category and subcategory of the ids that the default voice's classes have, and of what has none (UCS 8). */
const categories: Readonly<Record<string, readonly [category: string, subCategory: string]>> = {
  ANMLDog: ['ANIMALS', 'DOG'],
  FEETHmn: ['FOOTSTEPS', 'HUMAN'],
  GUNMisc: ['GUNS', 'MISC'],
  CMPTKey: ['COMPUTERS', 'KEYBOARD & MOUSE'],
  VEHMisc: ['VEHICLES', 'MISC'],
  VEHCar: ['VEHICLES', 'CAR'],
  RAIN: ['RAIN', 'GENERAL'],
  HMNCough: ['HUMAN', 'COUGH'],
  HMNSneez: ['HUMAN', 'SNEEZE'],
  FOLYMisc: ['FOLEY', 'MISC'],
};

const byClass: Readonly<Record<string, string>> = {
  dogbark: 'ANMLDog',
  footstep: 'FEETHmn',
  gunshot: 'GUNMisc',
  keyboard: 'CMPTKey',
  movingmotorvehicle: 'VEHMisc',
  rain: 'RAIN',
  sneeze_cough: 'HMNCough',
};

/** Of a class that nobody gave one. */
export const NO_CATEGORY = 'FOLYMisc';

/** What a person, a server's owner or a voice says first; then our own list; then Foley in general. */
export function catIdOf(name: string, said: readonly (string | undefined)[]): string {
  return said.find((id) => id !== undefined && CAT_ID.test(id)) ?? byClass[name.toLowerCase()] ?? NO_CATEGORY;
}

/** Empty of an id that is not known here. */
export function categoryOf(catId: string): { category?: string; subCategory?: string } {
  const [category, subCategory] = categories[catId] ?? [];
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
