import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** Milliseconds since 1970 with fractions. */
export class WallClock {
  readonly #date: () => number;
  readonly #steady: () => number;
  #offset: number | null = null;

  constructor(
    date: () => number = () => Date.now(),
    steady: () => number = () => performance.timeOrigin + performance.now(),
  ) {
    this.#date = date;
    this.#steady = steady;
  }

  /** Reads for a few milliseconds, so that the fraction is known from the first reading on. */
  prime(): this {
    const until = performance.now() + 2.5;
    while (performance.now() < until) this.now();
    return this;
  }

  /** The system's clock tells whole milliseconds, rounded down: the steady one, moved so far that both agree. */
  now(): number {
    const steady = this.#steady();
    const least = this.#date() - steady;
    this.#offset = Math.min(least + 1, Math.max(least, this.#offset ?? least));
    return steady + this.#offset;
  }
}

/** Milliseconds of the machine's steady clock, the same in all threads. */
function steadyMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/**
 * Milliseconds since 1970 by the machine's date when this began, and steadily from then on. All that is still to happen is
 * in this time: a date that is set meanwhile moves none of it.
 */
export class SteadyClock {
  /** When the machine's steady clock was at 0; with it another thread has the same clock. */
  readonly origin: number;
  readonly #date: Pick<WallClock, 'now'>;
  readonly #steady: () => number;

  constructor(origin?: number, date: Pick<WallClock, 'now'> = new WallClock().prime(), steady = steadyMs) {
    this.#date = date;
    this.#steady = steady;
    this.origin = origin ?? date.now() - steady();
  }

  now(): number {
    return this.origin + this.#steady();
  }

  /** What the machine's date will be at a time of this clock, as the date is set now. */
  dateOf(at: number): number {
    return at + this.#ahead;
  }

  ofDate(date: number): number {
    return date - this.#ahead;
  }

  get #ahead(): number {
    return this.#date.now() - this.now();
  }
}

/** What translates between dates, as clients know them, and times as everything inside has them. */
export type Dates = Pick<SteadyClock, 'now' | 'dateOf' | 'ofDate'>;

export interface Mapping {
  /** This frame sounds at this time (milliseconds since 1970). */
  frame: number;
  ms: number;
  framesPerMs: number;
}

/** Readings further off than this are a step of a clock (sleep), not drift. */
const STEP_MS = 100;

/**
 * Follows where an output is and how fast it really runs, from readings that jitter: a delay-locked loop
 * (F. Adriaensen, Using a DLL to filter time, 2005), wide at first and narrow later.
 */
export class DriftFilter {
  readonly #nominal: number;
  #mapping: Mapping | null = null;
  #since = 0;
  /** Times a clock was set. */
  steps = -1;

  /** @param rate Hz as the output calls it */
  constructor(rate: number) {
    this.#nominal = rate / 1000;
  }

  observe(ms: number, frame: number): Mapping {
    const known = this.#mapping;
    const error = known === null ? Number.POSITIVE_INFINITY : frame - toFrame(known, ms);
    if (known === null || Math.abs(error) > STEP_MS * this.#nominal || ms < known.ms) {
      this.steps += 1;
      this.#since = ms;
      this.#mapping = { frame, ms, framesPerMs: known?.framesPerMs ?? this.#nominal };
      return this.#mapping;
    }
    const dt = ms - known.ms;
    if (dt <= 0) return known;
    const hertz = Math.max(0.05, Math.min(1, 1000 / (ms - this.#since)));
    const w = Math.min(0.5, (2 * Math.PI * hertz * dt) / 1000);
    // The rate only slowly, and not from the first readings: their jitter would look like drift.
    const v = ms - this.#since < 2000 ? 0 : Math.min(w, (2 * Math.PI * 0.05 * dt) / 1000);
    const rate = known.framesPerMs + (v * v * error) / dt;
    const most = this.#nominal * 0.005;
    this.#mapping = {
      frame: toFrame(known, ms) + Math.SQRT2 * w * error,
      ms,
      framesPerMs: Math.max(this.#nominal - most, Math.min(this.#nominal + most, rate)),
    };
    return this.#mapping;
  }
}

export const toFrame = ({ frame, ms, framesPerMs }: Mapping, at: number): number => frame + (at - ms) * framesPerMs;
export const toMs = ({ frame, ms, framesPerMs }: Mapping, at: number): number => ms + (at - frame) / framesPerMs;
