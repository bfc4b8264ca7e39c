import { isDeviceName } from '../../protocol/file-name.ts';
import { SAFE_NAME } from '../cards/card-file.ts';

/** No separators, no leading dot, and short: an id is always the name of a folder directly below a root. */
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** A voice that was trained on from another has that one in this folder of its own. */
export const BASE = 'base';
export const MAX_BASES = 16;

export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id) && !isDeviceName(id);
}

export function isSafeName(name: string): boolean {
  return SAFE_NAME.test(name) && !isDeviceName(name) && !name.endsWith('.');
}
