/**
 * Loudness of one channel after ITU-R BS.1770-4 (K-weighting, blocks of 400 ms, gates at -70 LUFS and 10 LU below) and
 * EBU Tech 3341/3342 (momentary, short-term, range). A sound placed with constant power in two channels is as loud as
 * its one channel: the channels' powers add up. Two filters and two gates: ffmpeg's ebur128 is what a test compares it
 * with, instead of a package.
 */

export interface Loudness {
  /** LUFS; null where no block is louder than the absolute gate, or the sound is shorter than one. */
  integrated: number | null;
  /** LU, from 3 s on. */
  range: number | null;
  /** Largest of 400 ms, LUFS. */
  momentary: number | null;
  /** Largest of 3 s, LUFS. */
  shortTerm: number | null;
}

/** Seconds. */
const [BLOCK, LONG, HOP] = [0.4, 3, 0.1];
const ABSOLUTE = -70;

type Biquad = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

export function measureLoudness(pcm: Float32Array, rate: number): Loudness {
  const weighted = kWeighted(pcm, rate);
  // Power up to each sample, so that that of any stretch is a difference.
  const sums = new Float64Array(pcm.length + 1);
  for (let i = 0; i < pcm.length; i++) sums[i + 1] = sums[i]! + weighted[i]! ** 2;
  const blocks = powers(sums, rate, BLOCK);
  const long = powers(sums, rate, LONG);
  const most = (all: readonly number[]): number | null =>
    all.length === 0 ? null : audible(lufs(all.reduce((a, b) => Math.max(a, b))));
  return {
    integrated: gated(blocks),
    range: rangeOf(long),
    momentary: most(blocks),
    shortTerm: most(long),
  };
}

/** Mean power of stretches of so many seconds, ten a second. */
function powers(sums: Float64Array, rate: number, seconds: number): number[] {
  const length = Math.round(seconds * rate);
  const found: number[] = [];
  for (let n = 0; ; n++) {
    const at = Math.round(n * HOP * rate);
    if (at + length >= sums.length) return found;
    found.push((sums[at + length]! - sums[at]!) / length);
  }
}

function gated(blocks: readonly number[]): number | null {
  const loud = blocks.filter((power) => lufs(power) > ABSOLUTE);
  if (loud.length === 0) return null;
  const gate = lufs(mean(loud)) - 10;
  return lufs(mean(loud.filter((power) => lufs(power) > gate)));
}

function rangeOf(long: readonly number[]): number | null {
  const loud = long.filter((power) => lufs(power) > ABSOLUTE);
  if (loud.length === 0) return null;
  const gate = lufs(mean(loud)) - 20;
  const kept = loud
    .map(lufs)
    .filter((value) => value > gate)
    .sort((a, b) => a - b);
  const at = (share: number): number => kept[Math.round((kept.length - 1) * share)]!;
  return at(0.95) - at(0.1);
}

const lufs = (power: number): number => -0.691 + 10 * Math.log10(power);
const audible = (value: number): number | null => (value > ABSOLUTE ? value : null);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The two filters of annex 1, which states them for 48 kHz, at any rate: the analogue prototypes, bilinear. */
function kWeighted(pcm: Float32Array, rate: number): Float64Array {
  return filtered(filtered(Float64Array.from(pcm), shelf(rate)), highPass(rate));
}

function shelf(rate: number): Biquad {
  const [f0, gain, q] = [1681.974450955533, 3.999843853973347, 0.7071752369554196];
  const k = Math.tan((Math.PI * f0) / rate);
  const high = 10 ** (gain / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return [
    (high + (band * k) / q + k * k) / a0,
    (2 * (k * k - high)) / a0,
    (high - (band * k) / q + k * k) / a0,
    (2 * (k * k - 1)) / a0,
    (1 - k / q + k * k) / a0,
  ];
}

function highPass(rate: number): Biquad {
  const [f0, q] = [38.13547087602444, 0.5003270373238773];
  const k = Math.tan((Math.PI * f0) / rate);
  const a0 = 1 + k / q + k * k;
  return [1, -2, 1, (2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0];
}

function filtered(x: Float64Array, [b0, b1, b2, a1, a2]: Biquad): Float64Array {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return x.map((x0) => {
    const y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x0, y1, y0];
    return y0;
  });
}
