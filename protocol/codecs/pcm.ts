import type { PcmFormat } from '../commands/fields.ts';

/** Bytes of one sample. */
export const bytesPerSample: Readonly<Record<PcmFormat, number>> = { f32: 4, s16: 2 };

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Samples to little-endian bytes.
 * `s16` is round(x * 32768), halves to even, clipped to -32768..32767; NaN becomes 0. `f32` keeps every bit.
 * @param samples mono or interleaved, nominally -1..1
 */
export function encodePcm(samples: Float32Array, format: PcmFormat, littleEndian = hostIsLittleEndian): Uint8Array {
  if (format === 's16') return encodeS16(samples);
  if (littleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength).slice();
  const view = new DataView(new ArrayBuffer(samples.length * 4));
  for (let i = 0; i < samples.length; i++) view.setFloat32(i * 4, samples[i] ?? 0, true);
  return new Uint8Array(view.buffer);
}

/**
 * Little-endian bytes to samples, at any alignment; trailing bytes short of a sample are ignored. `s16` is divided by
 * 32768.
 */
export function decodePcm(bytes: Uint8Array, format: PcmFormat, littleEndian = hostIsLittleEndian): Float32Array {
  const length = Math.floor(bytes.byteLength / bytesPerSample[format]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(length);
  if (format === 's16') {
    for (let i = 0; i < length; i++) samples[i] = view.getInt16(i * 2, true) / 32768;
  } else if (littleEndian) {
    new Uint8Array(samples.buffer).set(bytes.subarray(0, length * 4));
  } else {
    for (let i = 0; i < length; i++) samples[i] = view.getFloat32(i * 4, true);
  }
  return samples;
}

function encodeS16(samples: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  for (let i = 0; i < samples.length; i++) view.setInt16(i * 2, quantize(samples[i] ?? 0), true);
  return new Uint8Array(view.buffer);
}

function quantize(sample: number): number {
  if (Number.isNaN(sample)) return 0;
  const scaled = Math.min(32767, Math.max(-32768, sample * 32768));
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  if (rest !== 0.5) return Math.round(scaled);
  return floor % 2 === 0 ? floor : floor + 1;
}
