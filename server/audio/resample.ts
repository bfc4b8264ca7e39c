import libsamplerate from '@alexanderolsen/libsamplerate-js';

/** Samples of silence after the sound, so that the filter's tail comes out whole. */
const TAIL = 512;

/** Resamples sounds from one rate to another; opening takes longer than a short sound. */
export interface Resampler {
  /** As `resample`. */
  whole(pcm: Float32Array): Float32Array;
  close(): void;
}

export async function openResampler(from: number, to: number): Promise<Resampler> {
  const converterType = libsamplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY;
  const converter = await libsamplerate.create(1, from, to, { converterType });
  return {
    whole(pcm) {
      const padded = new Float32Array(pcm.length + TAIL);
      padded.set(pcm);
      const length = Math.round((pcm.length * to) / from);
      const out = new Float32Array(length);
      out.set(converter.simple(padded).subarray(0, length));
      return out;
    },
    close: () => converter.destroy(),
  };
}

/**
 * Mono audio at another rate, band-limited (libsamplerate's medium sinc: 121 dB), exactly
 * round(samples * to / from) samples long and in place: no delay. At the same rate the very samples come back.
 */
export async function resample(pcm: Float32Array, from: number, to: number): Promise<Float32Array> {
  if (from === to) return pcm;
  const resampler = await openResampler(from, to);
  try {
    return resampler.whole(pcm);
  } finally {
    resampler.close();
  }
}
