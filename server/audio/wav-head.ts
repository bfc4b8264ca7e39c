import { chunksOf, isWave } from './riff.ts';
import { decodeWav, type WavInfo } from './wav.ts';

export interface WavHead {
  seconds: number;
  info: WavInfo;
}

/** Bytes from a file's beginning that hold everything before the samples of a WAV of ours. */
export const HEAD_BYTES = 16_384;

/**
 * What a WAV says before its samples, from its first bytes and its size. Null where that is no WAV, or its head is
 * longer.
 */
export function readWavHead(head: Uint8Array, fileBytes: number): WavHead | null {
  if (!isWave(head)) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let bytesPerSecond = 0;
  for (const { id, at, size } of chunksOf(head, 12)) {
    if (id === 'fmt ' && at + 16 <= head.length) bytesPerSecond = view.getUint32(at + 8, true);
    if (id !== 'data') continue;
    // The same file without its samples: what the whole one says of itself is read in one place.
    const bare = head.slice(0, at);
    new DataView(bare.buffer).setUint32(at - 4, 0, true);
    try {
      const { info } = decodeWav(bare);
      const data = Math.min(size, Math.max(0, fileBytes - at));
      return bytesPerSecond === 0 ? null : { seconds: data / bytesPerSecond, info };
    } catch {
      return null;
    }
  }
  return null;
}
