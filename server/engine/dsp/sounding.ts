/** Below the clip's peak, and below full scale: a patch whose loudest 10 ms lie lower counts in no distance. */
const RANGE_DB = 45;
const SILENT_DB = -50;

/** How far a reference says that it counts: another range would be another measure. */
export const SOUNDING_DB = RANGE_DB;

/**
 * Which patches of a clip count in a distance between sets of clips, 1 or 0 each: those whose loudest 10 ms lie within
 * 45 dB of the clip's peak and above -50 dBFS. To a network a silent patch is unlike every other, so that a few of them
 * would decide a distance that nobody hears. The same as `sounding` of the trainer’s `features/patches.py`.
 *
 * `length` and `hop` in samples; the clip has a patch at least.
 */
export function sounding(pcm: Float32Array, rate: number, length: number, hop: number): Uint8Array {
  const step = Math.floor(rate / 100);
  const powers = loudness(pcm, step);
  const peak = pcm.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const least = Math.max(peak ** 2 * 10 ** (-RANGE_DB / 10), 10 ** (SILENT_DB / 10));
  return Uint8Array.from({ length: Math.floor((pcm.length - length) / hop) + 1 }, (_, patch) => {
    const first = Math.ceil((patch * hop) / step);
    const end = Math.floor((patch * hop + length) / step);
    return powers.subarray(first, end).some((power) => power >= least) ? 1 : 0;
  });
}

/** Mean square of each whole `step` samples. */
export function loudness(pcm: Float32Array, step: number): Float64Array {
  return Float64Array.from({ length: Math.floor(pcm.length / step) }, (_, at) => {
    let sum = 0;
    for (let i = at * step; i < (at + 1) * step; i++) sum += pcm[i]! ** 2;
    return sum / step;
  });
}

/** Below the loudest 10 ms, where a sound has begun. */
const BEGUN_DB = 25;

/** Seconds until a sound begins: the first 10 ms within 25 dB of the loudest; the trainer's `sound_statistics.py` says why. */
export function onsetAfter(pcm: Float32Array, rate: number): number {
  const powers = loudness(pcm, Math.floor(rate / 100));
  const least = powers.reduce((most, power) => Math.max(most, power), 0) * 10 ** (-BEGUN_DB / 10);
  return powers.findIndex((power) => power >= least) / 100;
}
