/** Seconds in which a level moves to the next. */
const RAMP = 0.01;

interface Change {
  step: number;
  level: number;
  gain: number;
  told: boolean;
}

/** A level (dB) that changes from step to step of a sound without clicks. The same steps may be shaped again. */
export class Level {
  readonly #rate: number;
  /** By step; the first is what it begins with. */
  readonly #changes: Change[];

  constructor(level: number, rate: number) {
    this.#rate = rate;
    this.#changes = [{ step: Number.NEGATIVE_INFINITY, level, gain: gainOf(level), told: true }];
  }

  /** From a step on, until what changes later. */
  set(step: number, level: number): void {
    const at = this.#changes.findLastIndex((one) => one.step <= step) + 1;
    this.#changes.splice(at, 0, { step, level, gain: gainOf(level), told: false });
  }

  /** Gives the sound of steps `begin` to `end`, in place, its level, and returns what changed and was not told yet. */
  shape(pcm: Float32Array, begin: number, end: number): { step: number; level: number }[] {
    const changed: { step: number; level: number }[] = [];
    const each = pcm.length / (end - begin);
    for (let step = begin; step < end; step++) {
      const at = this.#changes.findLastIndex((one) => one.step <= step);
      const { level, gain, told } = this.#changes[at]!;
      if (!told) changed.push({ step, level });
      for (let i = at; i > 0 && !this.#changes[i]!.told; i--) this.#changes[i]!.told = true;
      const before = this.#changes.findLast((one) => one.step < step)!.gain;
      this.#move(pcm.subarray((step - begin) * each, (step - begin + 1) * each), before, gain);
    }
    return changed;
  }

  #move(pcm: Float32Array, from: number, to: number): void {
    const ramp = Math.min(pcm.length, Math.round(RAMP * this.#rate));
    for (let i = 0; i < pcm.length; i++) {
      const gain = i < ramp ? from + ((to - from) * (i + 1)) / ramp : to;
      pcm[i] = Math.max(-1, Math.min(1, pcm[i]! * gain));
    }
  }
}

function gainOf(level: number): number {
  return 10 ** (level / 20);
}
