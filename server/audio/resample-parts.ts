import { joined } from './join.ts';
import type { Resampler } from './resample.ts';

/** Half of the filter of libsamplerate's medium sinc in samples of the slower rate, rounded up. */
const HALF_FILTER = 64;

/** A part of the result, which begins with its sample number `from`. */
export interface ResampledPart {
  pcm: Float32Array;
  from: number;
}

/**
 * Resamples a sound that arrives in parts. What comes back are parts of the very sound that `resample` makes of the
 * whole, each as soon as the samples are there that it depends on.
 */
export class PartResampler {
  readonly #resampler: Pick<Resampler, 'whole'>;
  readonly #from: number;
  readonly #to: number;
  /** So many samples of the source last as long as a whole number of samples of the result. */
  readonly #unit: number;
  readonly #hold: number;
  /** Samples of the source that are kept beside those that the next part depends on: so many can be replaced. */
  readonly #kept: number;
  /** Samples of the source from number `#base`, a multiple of `#unit`, on. */
  #held = new Float32Array(0);
  #base = 0;
  /** Samples of the result that were handed back. */
  #made = 0;

  /** @param resampler of these two rates; several sounds may share it. @param kept seconds that can be replaced */
  constructor(resampler: Pick<Resampler, 'whole'>, from: number, to: number, kept = 0) {
    this.#resampler = resampler;
    this.#from = from;
    this.#to = to;
    this.#unit = from / commonDivisor(from, to);
    this.#hold = Math.ceil(HALF_FILTER * Math.max(1, from / to));
    this.#kept = Math.ceil(kept * from);
  }

  /**
   * The next part; `last` if no other will come. With `at` it takes the place of what came from this sample of the source
   * on, and what comes back that of what depended on it.
   */
  add(part: Float32Array, last = false, at = this.#base + this.#held.length): ResampledPart {
    const place = Math.max(this.#base, Math.min(at, this.#base + this.#held.length));
    if (place < this.#base + this.#held.length) this.#made = Math.min(this.#made, this.#decided(place));
    const held = joined([this.#held.subarray(0, place - this.#base), part]);
    this.#held = held;
    const end = this.#base + held.length;
    const until = last ? Math.round((end * this.#to) / this.#from) : this.#decided(end);
    const from = this.#made;
    if (until <= from) return { pcm: new Float32Array(0), from };
    const begin = Math.max(this.#base, this.#neededFor(from));
    const first = (begin * this.#to) / this.#from;
    const pcm = this.#resampler.whole(held.subarray(begin - this.#base)).slice(from - first, until - first);
    this.#made = until;
    const base = Math.max(this.#base, this.#neededFor(until - Math.ceil((this.#kept * this.#to) / this.#from)));
    this.#held = held.slice(base - this.#base);
    this.#base = base;
    return { pcm, from };
  }

  /** Samples of the result that depend on the first `end` of the source alone. */
  #decided(end: number): number {
    return Math.max(0, Math.floor(((end - this.#hold) * this.#to) / this.#from));
  }

  /** The sample of the source, a multiple of the unit, with which all that sample `made` of the result depends on begins. */
  #neededFor(made: number): number {
    const needed = Math.floor((made * this.#from) / this.#to) - this.#hold;
    return Math.max(0, Math.floor(needed / this.#unit) * this.#unit);
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
