import { isDeviceName } from '../../protocol/file-name.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { SAFE_NAME } from '../cards/card-file.ts';

/** No separators, no leading dot, and short: an id is always the name of a folder directly below a root. */
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** A voice that was trained on from another has that one in this folder of its own. */
export const BASE = 'base';
export const MAX_BASES = 16;

export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id) && !isDeviceName(id);
}

/** The refusal of an id that no voice has. */
export function unknownVoice(id: string): ProtocolError {
  const why = isSafeId(id) ? `there is no voice ${id}` : 'invalid voice id: use letters, digits, - and _';
  return new ProtocolError('unknown_voice', `${why}; voice.list lists the voices`);
}

export function isSafeName(name: string): boolean {
  return SAFE_NAME.test(name) && !isDeviceName(name) && !name.endsWith('.');
}
