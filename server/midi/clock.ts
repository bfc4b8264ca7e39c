import type { MidiMessage } from './parser.ts';

/** Ticks of a beat (MIDI 1.0, timing clock). */
const PPQ = 24;
/** Ticks that tempo and place are taken from: two beats. */
const KEPT = 48;
/** Fewer say nothing. */
const LEAST = 12;
/** Milliseconds without a tick after which the clock has stopped, whatever it said. */
const SILENCE_MS = 500;

/**
 * Tempo and place in the song from a MIDI clock. Ticks come late by what the cable and this process need, now more and
 * now less: a straight line through the last two beats of them takes that out.
 */
export class MidiClock {
  readonly #now: () => number;
  /** Times of the last ticks, in ms, and the number of the last one, counted from the song's beginning. */
  #times: number[] = [];
  #last = -1;
  #running = true;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `at`: milliseconds since 1970. */
  hear(message: MidiMessage, at: number): void {
    switch (message.type) {
      case 'tick':
        if (!this.#running) return;
        // A clock that paused begins anew: the line must not go through the pause.
        if (at - (this.#times.at(-1) ?? at) > SILENCE_MS) this.#times = [];
        this.#times.push(at);
        this.#last += 1;
        if (this.#times.length > KEPT) this.#times.shift();
        return;
      case 'start':
        // The next tick is the first of the song.
        this.#last = -1;
        this.#times = [];
        this.#running = true;
        return;
      case 'continue':
        this.#times = [];
        this.#running = true;
        return;
      case 'stop':
        this.#running = false;
        this.#times = [];
        return;
      case 'position':
        this.#last = message.sixteenths * (PPQ / 4) - 1;
        this.#times = [];
        return;
      default:
        return;
    }
  }

  /** Beats a minute; null where no clock runs. */
  get tempo(): number | null {
    const line = this.#line();
    return line === null ? null : 60_000 / (line.each * PPQ);
  }

  /** Beats since the song's beginning; null where no clock runs. */
  position(at: number): number | null {
    const line = this.#line();
    return line === null ? null : (this.#last + (at - line.last) / line.each) / PPQ;
  }

  /** Milliseconds since 1970 of the first multiple of `quantise` beats that is not before `after`. */
  next(quantise: number, after: number): number | null {
    const line = this.#line();
    if (line === null || !(quantise > 0)) return null;
    const place = (this.#last + (after - line.last) / line.each) / PPQ;
    // A hit on the beat is on it, though clocks round.
    const beat = Math.ceil(place / quantise - 1e-6) * quantise;
    return line.last + (beat * PPQ - this.#last) * line.each;
  }

  /** Least squares through the kept ticks: when the last one should have come, and how far they lie apart, in ms. */
  #line(): { last: number; each: number } | null {
    const n = this.#times.length;
    if (!this.#running || n < LEAST || this.#now() - this.#times[n - 1]! > SILENCE_MS) return null;
    const from = this.#times[0]!;
    const middle = (n - 1) / 2;
    let [sum, slope] = [0, 0];
    for (const [i, time] of this.#times.entries()) {
      sum += time - from;
      slope += (i - middle) * (time - from);
    }
    const each = (12 * slope) / (n * (n * n - 1));
    return each > 0 ? { last: from + sum / n + middle * each, each } : null;
  }
}
