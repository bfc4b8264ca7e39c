import { type Beats, beatAt, nextBeat, type Timeline } from '../tempo/beats.ts';
import type { MidiMessage } from './parser.ts';

/** Ticks of a beat (MIDI 1.0, timing clock). */
const PPQ = 24;
/** Ticks that tempo and place are taken from: two beats. */
const KEPT = 48;
/** Fewer tell no tempo; and fewer than the second number none that is better than the one known from before. */
const LEAST = 6;
const STEADY = 12;
/** Milliseconds without a tick after which the clock has stopped, whatever it said. */
const SILENCE_MS = 500;
/** So many ticks in a row, all early or all late by more than this and thrice their jitter, are another tempo. */
const ASTRAY = { ticks: 6, ms: 1.5, jitter: 3 };
/** Milliseconds since 1970 when the last tick should have come, ms from tick to tick, and how far off they come (rms). */
interface Line {
  last: number;
  msPerTick: number;
  jitter: number;
}

/**
 * Tempo and place in the song from the MIDI clock of one device. Ticks come late by what the cable and this process
 * need, now more and now less: a straight line through the last two beats of them takes that out.
 */
export class MidiClock implements Beats {
  readonly #now: () => number;
  /** Times of the last ticks, in ms. */
  #times: number[] = [];
  #line: Line | null = null;
  /** Milliseconds from tick to tick, as they were before the song stopped or moved. */
  #known: number | null = null;
  /** The number of the last tick, counted from the song's beginning. */
  #last = -1;
  #running = true;
  #started = false;
  /** Ticks in a row that were early (negative) or late. */
  #astray = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `at`: milliseconds since 1970. */
  hear(message: MidiMessage, at: number): void {
    switch (message.type) {
      case 'tick':
        // Those of a clock that stands count no beats, but tell the tempo with which it will go on.
        if (this.#running) this.#last += 1;
        this.#tick(at);
        return;
      case 'start':
      case 'continue':
        // The next tick is the first of the song, or the one that follows where it stopped.
        if (message.type === 'start') this.#last = -1;
        this.#running = true;
        this.#started = true;
        this.#moved();
        return;
      case 'stop':
        this.#running = false;
        return;
      case 'position':
        this.#last = message.sixteenths * (PPQ / 4) - 1;
        this.#moved();
        return;
      default:
        return;
    }
  }

  get isRunning(): boolean {
    return this.#heard() !== null;
  }

  /** Whether somebody pressed play; there are devices whose clock ticks from the moment they are switched on. */
  get isStarted(): boolean {
    return this.isRunning && this.#started;
  }

  /** Beats a minute; null where no clock runs. */
  get tempo(): number | null {
    const line = this.#heard();
    return line === null ? null : 60_000 / (line.msPerTick * PPQ);
  }

  /** Beats since the song's beginning; null where no clock runs. */
  position(at: number): number | null {
    const timeline = this.#timeline();
    return timeline === null ? null : beatAt(timeline, at);
  }

  next(quantise: number, after: number): number | null {
    const timeline = this.#timeline();
    return timeline === null ? null : nextBeat(timeline, quantise, after);
  }

  #timeline(): Timeline | null {
    const line = this.#heard();
    return line === null ? null : { at: line.last, beat: this.#last / PPQ, msPerBeat: line.msPerTick * PPQ };
  }

  /** The line, while the clock runs and ticks come. */
  #heard(): Line | null {
    const latest = this.#times.at(-1);
    if (!this.#running || latest === undefined || Math.abs(this.#now() - latest) > SILENCE_MS) return null;
    return this.#line;
  }

  #tick(at: number): void {
    const before = this.#times.at(-1) ?? at;
    // The line must not go through a pause.
    if (Math.abs(at - before) > SILENCE_MS) this.#moved();
    if (this.#isAstray(at)) {
      this.#times = this.#times.slice(1 - ASTRAY.ticks);
      this.#known = null;
    }
    this.#times.push(at);
    if (this.#times.length > KEPT) this.#times.shift();
    this.#line = fit(this.#times, this.#known);
  }

  /** Whether this tick is the last that it needs to say that the line is wrong. */
  #isAstray(at: number): boolean {
    if (this.#line === null) return false;
    const { last, msPerTick, jitter } = this.#line;
    const off = at - last - msPerTick;
    const side = Math.abs(off) > Math.max(ASTRAY.ms, ASTRAY.jitter * jitter) ? Math.sign(off) : 0;
    this.#astray = side !== 0 && side * this.#astray >= 0 ? this.#astray + side : side;
    if (Math.abs(this.#astray) < ASTRAY.ticks) return false;
    this.#astray = 0;
    return true;
  }

  /** Ticks from here on lie on another line, as steep as the last one as far as is known. */
  #moved(): void {
    this.#known = this.#line?.msPerTick ?? this.#known;
    this.#times = [];
    this.#line = null;
    this.#astray = 0;
  }
}

/** Least squares; with few ticks only their place is fitted, to the tempo known from before. */
function fit(times: readonly number[], known: number | null): Line | null {
  const n = times.length;
  const from = times[0]!;
  const middle = (n - 1) / 2;
  let [sum, slope] = [0, 0];
  for (const [i, time] of times.entries()) {
    sum += time - from;
    slope += (i - middle) * (time - from);
  }
  const msPerTick = n >= (known === null ? LEAST : STEADY) ? (12 * slope) / (n * (n * n - 1)) : known;
  if (msPerTick === null || !(msPerTick > 0)) return null;
  const first = from + sum / n - middle * msPerTick;
  const squares = times.reduce((total, time, i) => total + (time - first - i * msPerTick) ** 2, 0);
  return { last: first + (n - 1) * msPerTick, msPerTick, jitter: Math.sqrt(squares / n) };
}
