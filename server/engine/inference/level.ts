/** Seconds in which a level moves to the next. */
const RAMP = 0.01;

/** A level (dB) that changes from step to step of a sound without clicks. */
export class Level {
  readonly #rate: number;
  /** Known before, in order. */
  readonly #planned: { step: number; level: number }[] = [];
  #asked: number | null = null;
  #gain: number;

  constructor(level: number, rate: number) {
    this.#rate = rate;
    this.#gain = gainOf(level);
  }

  plan(step: number, level: number): void {
    this.#planned.push({ step, level });
  }

  /** From the next sound on. */
  ask(level: number): void {
    this.#asked = level;
  }

  /** Gives the sound of steps `begin` to `end`, in place, its level, and returns what changed. */
  shape(pcm: Float32Array, begin: number, end: number): { step: number; level: number }[] {
    const changed: { step: number; level: number }[] = [];
    const each = pcm.length / (end - begin);
    for (let step = begin; step < end; step++) {
      let next: number | null = null;
      while (this.#planned.length > 0 && this.#planned[0]!.step <= step) next = this.#planned.shift()!.level;
      if (this.#asked !== null) [next, this.#asked] = [this.#asked, null];
      if (next !== null) changed.push({ step, level: next });
      this.#move(pcm.subarray((step - begin) * each, (step - begin + 1) * each), next);
    }
    return changed;
  }

  #move(pcm: Float32Array, level: number | null): void {
    const to = level === null ? this.#gain : gainOf(level);
    const ramp = Math.min(pcm.length, Math.round(RAMP * this.#rate));
    for (let i = 0; i < pcm.length; i++) {
      const gain = i < ramp ? this.#gain + ((to - this.#gain) * (i + 1)) / ramp : to;
      pcm[i] = Math.max(-1, Math.min(1, pcm[i]! * gain));
    }
    this.#gain = to;
  }
}

function gainOf(level: number): number {
  return 10 ** (level / 20);
}
