/** Predictors of FLAC: fixed polynomials of order 0 to 4, and linear ones fitted to the block. */

export interface Predictor {
  order: number;
  /** Null of a fixed one; else newest sample first. */
  coefficients: number[] | null;
  shift: number;
  /** [samples]; the first `order` values are the samples themselves. */
  residual: Float64Array;
}

/** Bits of one coefficient; four bits say so. */
export const PRECISION = 15;
const MAX_LINEAR = 12;
const MAX_SHIFT = 15;

/** The fixed predictor whose residual is smallest. */
export function fixedPredictor(samples: Int32Array): Predictor {
  let best: Predictor | null = null;
  let least = Number.POSITIVE_INFINITY;
  let residual = Float64Array.from(samples);
  for (let order = 0; order <= 4 && order < samples.length; order++) {
    if (order > 0) {
      const next = residual.slice();
      for (let i = order; i < next.length; i++) next[i] = residual[i]! - residual[i - 1]!;
      residual = next;
    }
    let sum = 0;
    for (let i = order; i < residual.length; i++) sum += Math.abs(residual[i]!);
    if (sum < least) [best, least] = [{ order, coefficients: null, shift: 0, residual }, sum];
  }
  return best!;
}

/** Null where the block is too short or has nothing to fit. */
export function linearPredictor(samples: Int32Array): Predictor | null {
  if (samples.length <= 4 * MAX_LINEAR) return null;
  const fit = levinson(autocorrelation(samples), samples.length);
  return fit === null ? null : quantised(fit, samples);
}

function autocorrelation(samples: Int32Array): Float64Array {
  const { length } = samples;
  // Welch's window: a parabola.
  const windowed = Float64Array.from(samples, (value, i) => {
    const x = (2 * i - length + 1) / (length + 1);
    return value * (1 - x * x);
  });
  return Float64Array.from({ length: MAX_LINEAR + 1 }, (_, lag) => {
    let sum = 0;
    for (let i = lag; i < length; i++) sum += windowed[i]! * windowed[i - lag]!;
    return sum;
  });
}

/** Coefficients of the order that should take the fewest bits, by its error and the coefficients it has to state. */
function levinson(correlation: Float64Array, length: number): number[] | null {
  let error = correlation[0]!;
  if (!(error > 0)) return null;
  let coefficients: number[] = [];
  let best: number[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let order = 1; order <= MAX_LINEAR; order++) {
    let reflection = correlation[order]!;
    for (let i = 0; i < order - 1; i++) reflection -= coefficients[i]! * correlation[order - 1 - i]!;
    reflection /= error;
    const before = coefficients;
    coefficients = [...before.map((value, i) => value - reflection * before[order - 2 - i]!), reflection];
    error *= 1 - reflection * reflection;
    if (!(error > 0) || !coefficients.every(Number.isFinite)) break;
    const bits = (length / 2) * Math.log2(Math.max(1, error / length)) + order * PRECISION;
    if (bits < least) [best, least] = [coefficients, bits];
  }
  return best;
}

function quantised(fit: readonly number[], samples: Int32Array): Predictor | null {
  const largest = Math.max(...fit.map(Math.abs));
  const shift = Math.min(MAX_SHIFT, PRECISION - 2 - Math.floor(Math.log2(largest)));
  if (shift < 0) return null;
  const most = 2 ** (PRECISION - 1) - 1;
  // What rounding takes from one coefficient, the next is given.
  let carried = 0;
  const coefficients = fit.map((value) => {
    const wanted = value * 2 ** shift + carried;
    const rounded = Math.max(-most - 1, Math.min(most, Math.round(wanted)));
    carried = wanted - rounded;
    return rounded;
  });
  const order = coefficients.length;
  const scale = 2 ** shift;
  const residual = Float64Array.from(samples);
  for (let i = order; i < samples.length; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum += coefficients[k]! * samples[i - 1 - k]!;
    // Sums stay below 2^44: exact here, and rounded down as the decoder's shift does.
    residual[i] = samples[i]! - Math.floor(sum / scale);
    if (Math.abs(residual[i]!) >= 2 ** 30) return null;
  }
  return { order, coefficients, shift, residual };
}
