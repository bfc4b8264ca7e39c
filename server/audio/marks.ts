/** Places in a WAV: cue points with names (RIFF MCI, 1991: `cue `, LIST/adtl) and a loop for samplers (`smpl`). */
import { ascii, bytesOf, chunk, concat, uint32 } from './riff.ts';

export interface Mark {
  /** Sample frame. */
  at: number;
  /** ASCII. */
  name: string;
}

/** First and last frame, both heard. */
export interface Loop {
  first: number;
  last: number;
}

/** Both chunks, or none without marks. */
export function writeCues(marks: readonly Mark[]): Uint8Array[] {
  if (marks.length === 0) return [];
  const points = marks.map(({ at }, i) => concat([i + 1, at, 0, 0, 0, at].map(uint32)));
  // The third word of a point is the chunk it lies in.
  for (const point of points) point.set(ascii('data'), 8);
  const labels = marks.map(({ name }, i) => chunk('labl', concat([uint32(i + 1), ascii(name), Uint8Array.of(0)])));
  return [chunk('cue ', concat([uint32(marks.length), ...points])), chunk('LIST', concat([ascii('adtl'), ...labels]))];
}

/** One loop forwards, for ever; the sound is meant for the middle C. */
export function writeLoop({ first, last }: Loop, rate: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(36 + 24));
  const words = [0, 0, Math.round(1e9 / rate), 60, 0, 0, 0, 1, 0, 1, 0, first, last, 0, 0];
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return chunk('smpl', bytesOf(view));
}
