import { type ClipEmbeddings, StatisticsError } from './fad.ts';

/** The distance and its standard error over clips on both sides (jackknife). */
export interface Kad {
  value: number;
  error: number;
}

/** The paper's toolkit's factor. */
const SCALE = 100;
/** Embeddings the median distance is taken over; of more, evenly spaced ones. */
const LARGEST = 2000;

/**
 * Kernel audio distance (Chung et al. 2025, arXiv 2502.15602) by the trainer's definition (`foley_trainer/evaluation/kad.py`):
 * Gaussian kernel as wide as the reference's median distance, unbiased, pairs within a clip left out. Throws
 * StatisticsError below two clips a side.
 */
export function kad(generated: readonly ClipEmbeddings[], reference: readonly ClipEmbeddings[], d: number): Kad {
  if (Math.min(generated.length, reference.length) < 2) throw new StatisticsError('KAD needs two clips on each side');
  const width = bandwidth(reference, d);
  const xx = pairSums(generated, generated, d, width);
  const yy = pairSums(reference, reference, d, width);
  const xy = pairSums(generated, reference, d, width);
  const n = generated.map(({ patches }) => patches);
  const m = reference.map(({ patches }) => patches);
  const [ofX, ofY] = [within(xx, n), within(yy, m)];
  const value = ofX + ofY - (2 * xy.all) / (total(n) * total(m));
  const [leftX, leftY] = [without(xx, n), without(yy, m)];
  const x = n.map((size, i) => leftX[i]! + ofY - (2 * (xy.all - total(xy.pairs[i]!))) / ((total(n) - size) * total(m)));
  const y = m.map((size, j) => {
    const column = xy.pairs.reduce((sum, row) => sum + row[j]!, 0);
    return ofX + leftY[j]! - (2 * (xy.all - column)) / (total(n) * (total(m) - size));
  });
  const variance = jackknife(x) + jackknife(y);
  return { value: SCALE * value, error: SCALE * Math.sqrt(variance) };
}

/** Median distance between two different embeddings of the reference; 1 where all are the same. */
function bandwidth(reference: readonly ClipEmbeddings[], d: number): number {
  const rows = reference.flatMap(({ patches, values }) => {
    return Array.from({ length: patches }, (_, p) => values.subarray(p * d, (p + 1) * d));
  });
  const last = rows.length - 1;
  const steps = Array.from({ length: LARGEST }, (_, i) => Math.trunc((last * i) / (LARGEST - 1)));
  const kept = [...new Set(steps)].map((i) => rows[i]!);
  const distances = new Float64Array((kept.length * (kept.length - 1)) / 2);
  let at = 0;
  for (let i = 0; i < kept.length; i++)
    for (let j = i + 1; j < kept.length; j++) distances[at++] = Math.sqrt(apart(kept[i]!, kept[j]!));
  distances.sort();
  const middle = distances.length >> 1;
  const median = distances.length % 2 === 1 ? distances[middle]! : (distances[middle - 1]! + distances[middle]!) / 2;
  return (median > 0 ? median : distances.at(-1)) || 1;
}

type Row = Float32Array | Float64Array;

function apart(a: Row, b: Row): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

interface Sums {
  /** Of the kernel, over all pairs of embeddings of clip i of the one and clip j of the other set. */
  readonly pairs: readonly number[][];
  readonly all: number;
  /** Of the pairs within a clip, where both sets are the same. */
  readonly own: number;
}

function pairSums(a: readonly ClipEmbeddings[], b: readonly ClipEmbeddings[], d: number, width: number): Sums {
  const scale = -1 / (2 * width ** 2);
  const pairs = a.map(() => new Array<number>(b.length).fill(0));
  a.forEach((one, i) => {
    for (let j = a === b ? i : 0; j < b.length; j++) {
      pairs[i]![j] = kernels(one, b[j]!, d, scale);
      if (a === b) pairs[j]![i] = pairs[i]![j]!;
    }
  });
  const own = a === b ? pairs.reduce((sum, row, i) => sum + row[i]!, 0) : 0;
  return { pairs, all: total(pairs.map(total)), own };
}

function kernels(one: ClipEmbeddings, other: ClipEmbeddings, d: number, scale: number): number {
  let sum = 0;
  for (let p = 0; p < one.patches; p++) {
    const x = one.values.subarray(p * d, (p + 1) * d);
    for (let q = 0; q < other.patches; q++) {
      sum += Math.exp(scale * apart(x, other.values.subarray(q * d, (q + 1) * d)));
    }
  }
  return sum;
}

/** Mean over pairs of embeddings of different clips. */
function within({ all, own }: Sums, sizes: readonly number[]): number {
  return (all - own) / (total(sizes) ** 2 - squares(sizes));
}

/** The same mean without clip i, for every i; NaN where only one clip would be left. */
function without({ pairs, all, own }: Sums, sizes: readonly number[]): number[] {
  const [n, n2] = [total(sizes), squares(sizes)];
  return sizes.map((size, i) => {
    const left = (n - size) ** 2 - (n2 - size ** 2);
    const itself = pairs[i]![i]!;
    return left > 0 ? (all - own - 2 * (total(pairs[i]!) - itself)) / left : Number.NaN;
  });
}

function jackknife(left: readonly number[]): number {
  if (!left.every(Number.isFinite)) return 0;
  const mean = total(left) / left.length;
  return ((left.length - 1) / left.length) * left.reduce((sum, x) => sum + (x - mean) ** 2, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0);
}

function squares(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x ** 2, 0);
}
