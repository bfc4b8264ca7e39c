import libsamplerate from '@alexanderolsen/libsamplerate-js';

/** Samples of silence after the sound, so that the filter's tail comes out whole. */
const TAIL = 512;

/**
 * Mono audio at another rate, band-limited (libsamplerate's medium sinc: 121 dB), exactly
 * round(samples * to / from) samples long and in place: no delay. At the same rate the very samples come back.
 */
export async function resample(pcm: Float32Array, from: number, to: number): Promise<Float32Array> {
  if (from === to) return pcm;
  const length = Math.round((pcm.length * to) / from);
  const padded = new Float32Array(pcm.length + TAIL);
  padded.set(pcm);
  const converterType = libsamplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY;
  const converter = await libsamplerate.create(1, from, to, { converterType });
  try {
    const out = new Float32Array(length);
    out.set(converter.simple(padded).subarray(0, length));
    return out;
  } finally {
    converter.destroy();
  }
}
