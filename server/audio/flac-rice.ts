import type { BitWriter } from './flac-bits.ts';

/** How a residual is written: partitions of equal length, each with a Rice parameter of its own. */
export interface RiceCode {
  order: number;
  /** One per partition. */
  parameters: number[];
  /** An estimate that is good enough to choose by. */
  bits: number;
}

const MAX_ORDER = 8;
const MAX_PARAMETER = 30;

/**
 * The cheapest code of a residual.
 * @param residual of a whole block; its first `warmup` values are not written
 */
export function chooseRice(residual: Float64Array, warmup: number): RiceCode {
  const length = residual.length;
  let order = 0;
  while (order < MAX_ORDER && length % (2 << order) === 0 && length >> (order + 1) > warmup) order++;
  let sums = new Float64Array(1 << order);
  const each = length >> order;
  for (let i = warmup; i < length; i++) sums[Math.floor(i / each)]! += fold(residual[i]!);
  let best: RiceCode | null = null;
  for (; order >= 0; order--) {
    const parameters: number[] = [];
    let bits = 6;
    for (const [part, sum] of sums.entries()) {
      const count = (length >> order) - (part === 0 ? warmup : 0);
      const parameter = parameterFor(sum, count);
      parameters.push(parameter);
      bits += 5 + bitsOf(sum, count, parameter);
    }
    if (best === null || bits < best.bits) best = { order, parameters, bits };
    const wider = new Float64Array(sums.length >> 1);
    for (let i = 0; i < wider.length; i++) wider[i] = sums[2 * i]! + sums[2 * i + 1]!;
    sums = wider;
  }
  return best!;
}

export function writeRice(
  to: BitWriter,
  residual: Float64Array,
  warmup: number,
  { order, parameters }: RiceCode,
): void {
  // Four bits hold parameters up to 14; 15 of them would mean raw samples.
  const wide = parameters.some((parameter) => parameter > 14);
  to.write(wide ? 1 : 0, 2);
  to.write(order, 4);
  const each = residual.length >> order;
  for (const [part, parameter] of parameters.entries()) {
    to.write(parameter, wide ? 5 : 4);
    const scale = 2 ** parameter;
    for (let i = part === 0 ? warmup : part * each; i < (part + 1) * each; i++) {
      const value = fold(residual[i]!);
      const high = Math.floor(value / scale);
      to.unary(high);
      to.write(value - high * scale, parameter);
    }
  }
}

/** 0, -1, 1, -2 … as 0, 1, 2, 3 …; beyond 31 bits, so no integer operators. */
const fold = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);

/** About what Rice codes of that parameter take: the low bits, the one, and the zeros. */
const bitsOf = (sum: number, count: number, parameter: number): number =>
  count * (parameter + 1) + Math.max(0, sum / 2 ** parameter - (parameter > 0 ? count / 2 : 0));

function parameterFor(sum: number, count: number): number {
  const about = count === 0 || sum === 0 ? 0 : Math.max(0, Math.floor(Math.log2(sum / count)));
  let best = Math.min(about, MAX_PARAMETER);
  for (const other of [about - 1, about + 1])
    if (other >= 0 && other <= MAX_PARAMETER && bitsOf(sum, count, other) < bitsOf(sum, count, best)) best = other;
  return best;
}
