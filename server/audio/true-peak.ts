/**
 * True peak (ITU-R BS.1770-4, annex 2): the largest magnitude of the sound four times oversampled. The annex gives a
 * filter of 12 taps a phase as one that will do; this one is a Kaiser-windowed sinc of 48, which reads peaks up to 20 kHz
 * at 48 kHz within 0.05 dB, so that what is held below a ceiling stays below it on other meters, too.
 */

const PHASES = 4;
/** Samples before and after a place that count. */
const REACH = 24;
const BETA = 7;

/** [phase - 1][2 * REACH], for places 1/4, 2/4 and 3/4 of a sample after the REACH-th one. */
const FILTERS = [1, 2, 3].map((phase) => {
  const taps = Float64Array.from({ length: 2 * REACH }, (_, tap) => {
    const x = tap - (REACH - 1) - phase / PHASES;
    const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (x / REACH) ** 2))) / bessel(BETA);
    return (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
});

/** The places in between that are looked at: of 96 kHz only the middle, of 192 kHz none, as the annex has it. */
function filtersFor(rate: number): readonly Float64Array[] {
  if (rate < 96_000) return FILTERS;
  return rate < 192_000 ? [FILTERS[1]!] : [];
}

/** The largest magnitude between and at the samples of one channel, as a factor; 0 of silence. */
export function truePeak(pcm: Float32Array, rate: number): number {
  const filters = filtersFor(rate);
  const padded = new Float32Array(pcm.length + 4 * REACH);
  padded.set(pcm, 2 * REACH);
  let peak = 0;
  for (const sample of pcm) peak = Math.max(peak, Math.abs(sample));
  if (filters.length === 0) return peak;
  // A place whose neighbours are all small cannot exceed the peak there is: the taps' magnitudes sum to under 4.
  const floor = peak / 4;
  let loudUntil = -1;
  for (let at = 0; at + 2 * REACH < padded.length; at++) {
    if (Math.abs(padded[at + 2 * REACH]!) > floor) loudUntil = at + 2 * REACH;
    if (loudUntil < at) continue;
    for (const taps of filters) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap++) sum += taps[tap]! * padded[at + tap]!;
      const magnitude = Math.abs(sum);
      if (magnitude > peak) peak = magnitude;
    }
  }
  return peak;
}

/** Modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Decibels of a factor; null of silence. */
export function decibels(factor: number): number | null {
  return factor > 0 ? 20 * Math.log10(factor) : null;
}
