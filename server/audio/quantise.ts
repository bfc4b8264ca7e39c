/** Floats to integers of 16 or 24 bits. */

/** A sequence of numbers from 0 up to 1 that a seed fixes (mulberry32): noise below the last bit, nothing to keep secret. */
export function seededNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Samples as integers, nearest step, clipped at full scale. With `dither` a triangular noise of two steps' width (TPDF,
 * the sum of two uniform ones) is added before: the error no longer depends on the sound. Digital silence stays silent.
 * @param dither seed of the noise, or null
 */
export function quantise(sound: Float32Array, bits: 16 | 24, dither: number | null): Int32Array {
  const scale = 2 ** (bits - 1);
  const noise = dither === null ? null : seededNoise(dither);
  return Int32Array.from(sound, (value) => {
    const added = noise === null || value === 0 ? 0 : noise() - noise();
    return Math.max(-scale, Math.min(scale - 1, Math.round(value * scale + added)));
  });
}
