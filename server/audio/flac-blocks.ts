/** The blocks of metadata at the beginning of a FLAC file (RFC 9639, 8). */
import { tag } from './riff.ts';

export const [STREAMINFO, APPLICATION, VORBIS_COMMENT] = [0, 2, 4] as const;

export interface FlacBlock {
  type: number;
  /** As much of it as is there. */
  body: Uint8Array;
}

/** None of what is no FLAC file. */
export function* readFlacBlocks(bytes: Uint8Array): Generator<FlacBlock> {
  if (tag(bytes, 0) !== 'fLaC') return;
  for (let at = 4; at + 4 <= bytes.length; ) {
    const [first, high, mid, low] = bytes.subarray(at, at + 4) as unknown as [number, number, number, number];
    const size = (high << 16) | (mid << 8) | low;
    yield { type: first & 0x7f, body: bytes.subarray(at + 4, at + 4 + size) };
    if ((first & 0x80) !== 0) return;
    at += 4 + size;
  }
}

/** The Vorbis comments of a FLAC file by their names in capitals, the first of each; null of what is none. */
export function readFlacComments(bytes: Uint8Array): Map<string, string> | null {
  if (tag(bytes, 0) !== 'fLaC') return null;
  for (const { type, body } of readFlacBlocks(bytes)) if (type === VORBIS_COMMENT) return commentsIn(body);
  return new Map();
}

/** As far as they go: what lies after a damaged one is not looked at. */
function commentsIn(block: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const decoder = new TextDecoder();
  let at = 0;
  const length = (): number => {
    if (at + 4 > block.length) return -1;
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const vendor = length();
  at += Math.max(0, vendor);
  const count = length();
  for (let i = 0; i < count; i++) {
    const size = length();
    if (size < 0 || at + size > block.length) break;
    const text = decoder.decode(block.subarray(at, at + size));
    at += size;
    const cut = text.indexOf('=');
    const name = text.slice(0, Math.max(0, cut)).toUpperCase();
    if (cut > 0 && !found.has(name)) found.set(name, text.slice(cut + 1));
  }
  return found;
}
