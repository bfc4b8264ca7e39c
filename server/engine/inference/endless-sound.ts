import type { EngineEvent } from '../engine.ts';
import { Level } from './level.ts';

/** Milliseconds until what is told is there where it is played: one that plays on this machine mixes that far ahead. */
const ON_ITS_WAY_MS = 25;

export interface EndlessSoundOptions {
  /** Of one step. */
  stepMs: number;
  samples: number;
  rate: number;
  /** dB. */
  level: number;
  /** In real time: what comes late is a gap. */
  live: boolean;
  /** What was told may be told again. */
  revise: boolean;
  on: (event: EngineEvent) => void;
}

/**
 * Emits the audio of an endless stream with its level applied, keeps the part that a change may still replace, and
 * counts gaps against real time.
 */
export class EndlessSound {
  readonly #of: EndlessSoundOptions;
  readonly level: Level;
  /** Of steps that may be told again: their sound before its level. */
  readonly #bare = new Map<number, Float32Array>();
  /** When step 0 sounds, by performance.now(), once it was told. */
  #clock: number | null = null;
  #told = 0;
  #gaps = 0;

  constructor(of: EndlessSoundOptions) {
    this.#of = of;
    this.level = new Level(of.level, of.rate);
  }

  /** Where it sounds in so many milliseconds, in steps; null before anything was told. */
  placeIn(ms: number): number | null {
    return this.#clock === null ? null : (performance.now() + ms - this.#clock) / this.#of.stepMs;
  }

  /** Steps from `begin` on, in place of what was told from there; the first `asBefore` samples are as they were told. */
  add(begin: number, pcm: Float32Array, asBefore = 0): void {
    const { stepMs, samples, live, revise } = this.#of;
    const now = performance.now();
    const skipped = begin < this.#told ? asBefore : 0;
    const late = now - (this.#clock ?? now) - (begin + skipped / samples) * stepMs;
    if (this.#clock === null) this.#clock = now;
    else if (late > 0 && live) {
      this.#gaps += 1;
      // Where it takes the place of another sound, that one has sounded meanwhile.
      if (begin >= this.#told) this.#clock += late;
    }
    if (revise) {
      for (let i = 0; i * samples < pcm.length; i++)
        this.#bare.set(begin + i, pcm.slice(i * samples, (i + 1) * samples));
      const oldest = Math.floor(this.placeIn(0)!);
      for (const step of this.#bare.keys()) if (step < oldest) this.#bare.delete(step);
    }
    this.#tell(begin, pcm, skipped);
  }

  /** From the next step that can have it. */
  setLevel(level: number): void {
    const { samples, revise } = this.#of;
    const soonest = revise ? this.placeIn(ON_ITS_WAY_MS) : null;
    const step = soonest === null ? this.#told : Math.min(this.#told, Math.max(0, Math.ceil(soonest)));
    this.level.set(step, level);
    if (step === this.#told) return;
    const again = new Float32Array((this.#told - step) * samples);
    for (let i = step; i < this.#told; i++) again.set(this.#bare.get(i)!, (i - step) * samples);
    this.#tell(step, again);
  }

  #tell(step: number, pcm: Float32Array, skipped = 0): void {
    const { samples, rate, on } = this.#of;
    const steps = pcm.length / samples;
    for (const change of this.level.shape(pcm, step, step + steps))
      on({ type: 'changed', step: change.step, change: { level: change.level } });
    this.#told = step + steps;
    const sound = skipped === 0 ? pcm : pcm.slice(skipped);
    on({ type: 'sound', step, steps, offset: step * samples + skipped, rate, pcm: sound, gaps: this.#gaps });
  }
}
