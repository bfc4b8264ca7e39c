import { joined } from './join.ts';
import type { Resampler } from './resample.ts';

/** Half of the filter of libsamplerate's medium sinc in samples of the slower rate, rounded up. */
const HALF_FILTER = 64;

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
  /** Samples of the source from number `#base`, a multiple of `#unit`, on. */
  #held = new Float32Array(0);
  #base = 0;
  /** Samples of the result that were handed back. */
  #made = 0;

  /** @param resampler of these two rates; several sounds may share it. */
  constructor(resampler: Pick<Resampler, 'whole'>, from: number, to: number) {
    this.#resampler = resampler;
    this.#from = from;
    this.#to = to;
    this.#unit = from / commonDivisor(from, to);
    this.#hold = Math.ceil(HALF_FILTER * Math.max(1, from / to));
  }

  /** The next part; `last` if no other will come. */
  add(part: Float32Array, last = false): Float32Array {
    const held = joined([this.#held, part]);
    this.#held = held;
    const end = this.#base + held.length;
    const until = last
      ? Math.round((end * this.#to) / this.#from)
      : Math.floor(((end - this.#hold) * this.#to) / this.#from);
    if (until <= this.#made) return new Float32Array(0);
    const first = (this.#base * this.#to) / this.#from;
    const made = this.#resampler.whole(held).slice(this.#made - first, until - first);
    this.#made = until;
    const needed = Math.floor((until * this.#from) / this.#to) - this.#hold;
    const base = Math.max(this.#base, Math.floor(needed / this.#unit) * this.#unit);
    this.#held = held.slice(base - this.#base);
    this.#base = base;
    return made;
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
