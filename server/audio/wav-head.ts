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
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const tag = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (head.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return null;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= head.length; ) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === 'fmt ' && at + 24 <= head.length) bytesPerSecond = view.getUint32(at + 16, true);
    if (tag(at) === 'data') {
      // The same file without its samples: what the whole one says of itself is read in one place.
      const bare = head.slice(0, at + 8);
      new DataView(bare.buffer).setUint32(at + 4, 0, true);
      try {
        const { info } = decodeWav(bare);
        const data = Math.min(size, Math.max(0, fileBytes - at - 8));
        return bytesPerSecond === 0 ? null : { seconds: data / bytesPerSecond, info };
      } catch {
        return null;
      }
    }
    at += 8 + size + (size & 1);
  }
  return null;
}
