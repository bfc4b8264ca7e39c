import { nuclearNorm, product, symmetricEigen, transposed } from './linear-algebra.ts';

/** The embeddings of one clip: [patches, dims], row after row. */
export interface ClipEmbeddings {
  readonly patches: number;
  readonly values: Float32Array | Float64Array;
}

/** The same, and which patches count in a distance. */
export interface MaskedClip extends ClipEmbeddings {
  /** 1 for each patch that sounds. */
  readonly sounding: Uint8Array;
}

/** What is left of clips when only sounding patches count; a silent clip is left out. */
export function soundingOf(clips: readonly MaskedClip[]): ClipEmbeddings[] {
  return clips.flatMap(({ patches, values, sounding }) => {
    const kept = sounding.reduce((sum, one) => sum + one, 0);
    if (kept === 0) return [];
    if (kept === patches) return [{ patches, values }];
    const d = values.length / patches;
    const counted = values.filter((_, i) => sounding[Math.floor(i / d)] === 1);
    return [{ patches: kept, values: counted }];
  });
}

/** mu [d], sigma [d, d] and the number of embeddings behind them. */
export interface Gaussian {
  readonly mu: Float64Array;
  readonly sigma: Float64Array;
  readonly count: number;
}

/** These embeddings, or this file, give no mean and covariance; the message says why. */
export class StatisticsError extends Error {}

/**
 * Fréchet audio distance (Kilgour et al. 2018) by the trainer's definition (`foley_trainer/evaluation/fad.py`), with which it
 * agrees within 1e-6: float64, covariance over n - 1, the root of the product from singular values.
 */
export function frechet(a: Gaussian, b: Gaussian): number {
  const d = a.mu.length;
  if (d !== b.mu.length)
    throw new StatisticsError(`embeddings of ${d} and of ${b.mu.length} numbers cannot be compared`);
  return between(a, trace(a.sigma, d), root(a.sigma, d), b, root(b.sigma, d));
}

/** Statistics of all embeddings of some clips. Throws StatisticsError below two embeddings and on NaN. */
export function gaussian(clips: readonly ClipEmbeddings[], d: number): Gaussian {
  const n = count(clips);
  const mu = new Float64Array(d);
  for (const { values } of clips) for (let i = 0; i < values.length; i++) mu[i % d]! += values[i]!;
  for (let j = 0; j < d; j++) mu[j]! /= n;
  if (!mu.every(Number.isFinite)) throw new StatisticsError('an embedding is not finite');
  const sigma = new Float64Array(d * d);
  const x = new Float64Array(d);
  for (const { patches, values } of clips) {
    for (let p = 0; p < patches; p++) {
      for (let j = 0; j < d; j++) x[j] = values[p * d + j]! - mu[j]!;
      for (let i = 0; i < d; i++) for (let j = 0, at = i * d; j <= i; j++) sigma[at + j]! += x[i]! * x[j]!;
    }
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      sigma[i * d + j]! /= n - 1;
      sigma[j * d + i] = sigma[i * d + j]!;
    }
  }
  return { mu, sigma, count: n };
}

interface Root {
  /** [d, rank]: R R^T = sigma. */
  readonly values: Float64Array;
  readonly rank: number;
}

/** Eigenvalues that are only the rounding of a rank-deficient covariance are left out. */
function root(sigma: Float64Array, d: number): Root {
  const { values, vectors } = symmetricEigen(sigma, d);
  const least = d * 2 ** -52 * Math.max(values[d - 1] ?? 0, 0);
  const kept = Array.from(values.keys()).filter((i) => values[i]! > least);
  const out = new Float64Array(d * kept.length);
  kept.forEach((from, to) => {
    const scale = Math.sqrt(values[from]!);
    for (let row = 0; row < d; row++) out[row * kept.length + to] = vectors[row * d + from]! * scale;
  });
  return { values: out, rank: kept.length };
}

function between(a: Gaussian, spread: number, ra: Root, b: Gaussian, rb: Root): number {
  const d = a.mu.length;
  const across = product(transposed(ra.values, d, ra.rank), rb.values, ra.rank, d, rb.rank);
  const common = nuclearNorm(across, ra.rank, rb.rank);
  return Math.max(0, squared(a.mu, b.mu) + spread + trace(b.sigma, d) - 2 * common);
}

/** FAD at endless n (Chong and Forsyth 2020), and how straight the line to it is: 1 is perfectly. */
export interface Extrapolation {
  value: number;
  slope: number;
  r2: number;
}

const SIZES = 10;
const REPEATS = 4;
const ROUNDS = 200;
/** Fewer clips give no line and no interval worth telling. */
const LEAST_CLIPS = 8;

/** Numbers from 0 below 1; the same seed, the same subsets. */
export type Uniform = () => number;

/** FAD of many subsets of the same clips against one reference: no covariance and no eigenvectors per subset. */
export class SubsetFad {
  readonly #clips: readonly ClipEmbeddings[];
  readonly #seen: readonly Float64Array[];
  readonly #d: number;
  readonly #rank: number;
  readonly #reference: Gaussian;
  readonly #trace: number;

  constructor(clips: readonly ClipEmbeddings[], reference: Gaussian) {
    const d = reference.mu.length;
    const { values, rank } = root(reference.sigma, d);
    this.#clips = clips;
    this.#d = d;
    this.#rank = rank;
    this.#reference = reference;
    this.#trace = trace(reference.sigma, d);
    this.#seen = clips.map((clip) => product(Float64Array.from(clip.values), values, clip.patches, d, rank));
  }

  /** FAD of the clips with these numbers; a clip may come several times. */
  fad(picks: readonly number[]): number {
    const d = this.#d;
    const rank = this.#rank;
    const chosen = picks.map((i) => this.#clips[i]!);
    const n = count(chosen);
    const mu = new Float64Array(d);
    const middle = new Float64Array(rank);
    for (const { values } of chosen) for (let i = 0; i < values.length; i++) mu[i % d]! += values[i]! / n;
    for (const i of picks) {
      const seen = this.#seen[i]!;
      for (let k = 0; k < seen.length; k++) middle[k % rank]! += seen[k]! / n;
    }
    let spread = 0;
    for (const { values } of chosen) for (let i = 0; i < values.length; i++) spread += (values[i]! - mu[i % d]!) ** 2;
    const centred = new Float64Array(n * rank);
    const scale = 1 / Math.sqrt(n - 1);
    let at = 0;
    for (const i of picks) for (const x of this.#seen[i]!) centred[at] = (x - middle[at++ % rank]!) * scale;
    const common = nuclearNorm(centred, n, rank);
    return Math.max(0, squared(mu, this.#reference.mu) + spread / (n - 1) + this.#trace - 2 * common);
  }

  /** null where there are too few clips for a line to mean anything. */
  infinity(uniform: Uniform): Extrapolation | null {
    const clips = this.#clips.length;
    if (clips < LEAST_CLIPS) return null;
    const wanted = Array.from({ length: SIZES }, (_, i) => {
      return Math.round(1 / (1 / clips + ((4 / clips - 1 / clips) * i) / (SIZES - 1)));
    });
    const sizes = [...new Set(wanted)];
    const means = sizes.map((size) => {
      const rounds = size < clips ? REPEATS : 1;
      return mean(Array.from({ length: rounds }, () => this.fad(shuffled(clips, uniform).slice(0, size))));
    });
    return line(
      sizes.map((size) => 1 / size),
      means,
    );
  }

  /**
   * 95 % bootstrap interval over clips, drawn with replacement, moved to the FAD of the set itself: a resampled set has
   * fewer distinct clips and lies too far away as a whole. It says how much the choice of these clips matters.
   */
  interval(uniform: Uniform, rounds = ROUNDS): [number, number] | null {
    const clips = this.#clips.length;
    if (clips < LEAST_CLIPS) return null;
    const drawn = Array.from({ length: rounds }, () => {
      return this.fad(Array.from({ length: clips }, () => Math.floor(uniform() * clips)));
    });
    const middle = mean(drawn);
    const off = drawn.map((x) => x - middle).sort((a, b) => a - b);
    const own = this.fad(Array.from({ length: clips }, (_, i) => i));
    return [Math.max(0, own + quantile(off, 0.025)), own + quantile(off, 0.975)];
  }
}

function count(clips: readonly ClipEmbeddings[]): number {
  const n = clips.reduce((sum, { patches }) => sum + patches, 0);
  if (n < 2) throw new StatisticsError('a covariance needs two embeddings at least');
  return n;
}

function trace(matrix: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += matrix[i * d + i]!;
  return sum;
}

function squared(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** Of ascending values, between neighbours in proportion. */
function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

function shuffled(n: number, uniform: Uniform): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Least squares of y over x, at x = 0. */
function line(x: readonly number[], y: readonly number[]): Extrapolation {
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const slope = x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0) / sxx;
  const value = my - slope * mx;
  const left = x.reduce((sum, v, i) => sum + (y[i]! - slope * v - value) ** 2, 0);
  const total = y.reduce((sum, v) => sum + (v - my) ** 2, 0);
  return { value, slope, r2: 1 - left / Math.max(total, 1e-300) };
}
