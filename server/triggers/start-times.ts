import type { TriggerMap } from '../../protocol/index.ts';
import type { Beats } from '../tempo/beats.ts';

type Quantised = Pick<TriggerMap, 'quantise'>;

/** Start times of hits in milliseconds since 1970: the requested time, or the beat that a quantised map waits for. */
export class StartTimes {
  readonly #now: () => number;
  readonly #beats: Beats | undefined;

  constructor(now: () => number, beats?: Beats) {
    this.#now = now;
    this.#beats = beats;
  }

  /** What a hit asks for, and when it was hit, where that is known. Null is at once. */
  asked({ quantise }: Quantised, { at, heard }: { at: number | null; heard?: number }): number | null {
    return quantise > 0 ? (this.#beats?.next(quantise, at ?? heard ?? this.#now()) ?? at) : at;
  }

  /** For a clip that was made past the beat it was for: the next one. */
  next({ quantise }: Quantised, begin: number | null): number | null {
    const now = this.#now();
    return quantise > 0 && begin !== null && begin < now ? (this.#beats?.next(quantise, now) ?? begin) : begin;
  }

  /** For a clip that is still being made: what was asked for, if it is still to come, or the next beat. */
  live({ quantise }: Quantised, begin: number | null): number | null {
    const now = this.#now();
    if (begin !== null && begin >= now) return begin;
    return quantise > 0 ? (this.#beats?.next(quantise, now) ?? null) : null;
  }
}
