import { EngineError } from '../errors.ts';

export interface TokenSamplerOptions {
  temperature: number;
  topK: number;
  topP: number;
}

/**
 * Chooses the code of a cell from its logits and one uniform number: temperature, then top-k, then top-p, then the
 * inverse of the cumulative distribution. Ties go to the lower code, everywhere. Buffers are kept between calls.
 */
export class TokenSampler {
  readonly #options: TokenSamplerOptions;
  readonly #weights: Float64Array;
  readonly #sorted: Float64Array;

  /** codes: how many there are to choose from. */
  constructor(codes: number, options: TokenSamplerOptions) {
    this.#options = options;
    this.#weights = new Float64Array(codes);
    this.#sorted = new Float64Array(codes);
  }

  /** logits [codes], uniform in [0, 1) -> code. Throws engine_failed where a logit is no number. */
  code(logits: Float32Array, uniform: number): number {
    const best = argmax(logits);
    if (this.#options.temperature === 0) return best;
    const total = this.#weigh(logits, logits[best]!);
    return this.#invert(uniform * total, best);
  }

  /** Fills the weights and returns their sum. Codes outside top-k and top-p weigh nothing. */
  #weigh(logits: Float32Array, highest: number): number {
    const weights = this.#weights;
    const { temperature, topK, topP } = this.#options;
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = Math.exp((logits[i]! - highest) / temperature);
      weights[i] = weight;
      total += weight;
    }
    const limited = topK > 0 && topK < weights.length;
    return limited || topP < 1 ? this.#cut(limited ? topK : weights.length, topP) : total;
  }

  #cut(most: number, topP: number): number {
    const weights = this.#weights;
    const sorted = this.#sorted;
    sorted.set(weights);
    // Ascending, and without a comparator many times faster.
    sorted.sort();
    const last = sorted.length - 1;
    let total = 0;
    for (let rank = 0; rank < most; rank++) total += sorted[last - rank]!;
    let kept = 0;
    let count = 0;
    // The smallest set that reaches topP of what top-k left; the code that crosses the bound is in it.
    while (count < most && (count === 0 || kept < topP * total)) kept += sorted[last - count++]!;
    const least = sorted[last - count + 1]!;
    let ties = 0;
    while (ties < count && sorted[last - count + 1 + ties] === least) ties++;
    // Summed in code order, as #invert will: the last code then ends exactly at the total.
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (weight < least || (weight === least && ties-- <= 0)) weights[i] = 0;
      else sum += weight;
    }
    return sum;
  }

  #invert(target: number, fallback: number): number {
    const weights = this.#weights;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i]!;
      if (sum > target) return i;
    }
    return fallback;
  }
}

function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    // Also false for NaN, whose place this loop must not miss.
    if (!(logits[i]! < Number.POSITIVE_INFINITY))
      throw new EngineError('engine_failed', 'the prior returned a logit that is not a number');
    if (logits[i]! > logits[best]!) best = i;
  }
  if (logits[best] === Number.NEGATIVE_INFINITY)
    throw new EngineError('engine_failed', 'all logits of the prior are -Infinity');
  return best;
}
