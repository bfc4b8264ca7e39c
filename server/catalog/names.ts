/** No separators, no leading dot, and short: an id is always the name of a folder directly below a root. */
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** A plain file of the voice's own folder. */
export const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Names Windows keeps for devices, whatever folder they seem to lie in, and whatever they end with. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** A voice that was trained on from another has that one in this folder of its own. */
export const BASE = 'base';
export const MAX_BASES = 16;

export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id) && !DEVICE.test(id);
}

export function isSafeName(name: string): boolean {
  return SAFE_NAME.test(name) && !DEVICE.test(name) && !name.endsWith('.');
}
