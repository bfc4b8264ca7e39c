/** The pieces RIFF files are made of: chunks of a four letter id, a little-endian size, and a body padded to even. */

export interface Chunk {
  id: string;
  /** Where the body begins in the file. */
  at: number;
  /** What the file says of it, which may be more than is there. */
  size: number;
}

export function chunk(id: string, body: Uint8Array): Uint8Array {
  const parts = [ascii(id), uint32(body.length), body];
  // Chunks begin at even places; the padding is not counted.
  return concat(body.length & 1 ? [...parts, Uint8Array.of(0)] : parts);
}

/** The chunks of bytes from `from` on, in order, as long as there is a whole head of one. */
export function* chunksOf(bytes: Uint8Array, from: number): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    yield { id: tag(bytes, at), at: at + 8, size };
    at += 8 + size;
    if (size & 1 && !isUnpadded(bytes, at)) at += 1;
  }
}

/** Ids of the chunks that WAVs have, all that lie behind one whose padding was forgotten. */
const IDS = new Set([
  ...['fmt ', 'data', 'fact', 'LIST', 'bext', 'iXML', 'axml', 'chna', 'cue ', 'smpl', 'inst', 'JUNK', 'junk', 'PAD '],
  ...['PEAK', 'id3 ', 'ID3 ', '_PMX', 'acid', 'strc', 'cart', 'umid', 'ds64', 'FLLR', 'levl', 'link', 'DISP'],
]);

/** Some programs write a chunk of an odd size without the byte behind it that makes it even. */
function isUnpadded(bytes: Uint8Array, at: number): boolean {
  return bytes[at] !== 0 && IDS.has(tag(bytes, at)) && !IDS.has(tag(bytes, at + 1));
}

/** The bytes of one chunk of a WAV by its id, or null: for what carries no sound. */
export function findChunk(wav: Uint8Array, id: string): Uint8Array | null {
  if (!isWave(wav)) return null;
  for (const one of chunksOf(wav, 12))
    if (one.id === id && one.at + one.size <= wav.length) return wav.subarray(one.at, one.at + one.size);
  return null;
}

export function isWave(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && ['RIFF', 'RF64', 'BW64'].includes(tag(bytes, 0)) && tag(bytes, 8) === 'WAVE';
}

export function uint32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return bytesOf(view);
}

export const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const tag = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
