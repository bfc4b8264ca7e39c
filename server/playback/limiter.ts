/**
 * A look-ahead limiter, all channels turned down together. The gain is the smallest one needed within the look-ahead,
 * averaged over the same span, so it has arrived when the peak has: nothing exceeds the ceiling, and without peaks the
 * very samples come out, `ahead` frames later.
 */
export class Limiter {
  /** Frames between what goes in and the same sound coming out. */
  readonly ahead: number;
  readonly #ceiling: number;
  readonly #release: number;
  readonly #delay: Float32Array[];
  readonly #needed: Float64Array;
  readonly #smooth: Float64Array;
  #sum: number;
  /** Frames since a gain below one was needed, and since one was held. */
  #calm: number;
  #whole: number;
  #held = 1;
  #at = 0;
  /** Frames in whose span a gain below one was needed. */
  reduced = 0;

  constructor(rate: number, channels: number, ceiling = 10 ** (-0.3 / 20)) {
    this.ahead = Math.max(1, Math.round(rate * 0.0015));
    const size = this.ahead + 1;
    this.#ceiling = ceiling;
    this.#release = 1 - Math.exp(-1 / (rate * 0.08));
    this.#delay = Array.from({ length: channels }, () => new Float32Array(size));
    this.#needed = new Float64Array(size).fill(1);
    this.#smooth = new Float64Array(size).fill(1);
    this.#sum = size;
    this.#calm = size;
    this.#whole = size;
  }

  /** In place. */
  process(channels: readonly Float32Array[], frames: number): void {
    const size = this.ahead + 1;
    for (let i = 0; i < frames; i++) {
      let peak = 0;
      for (const channel of channels) {
        const level = Math.abs(channel[i]!);
        if (level > peak) peak = level;
      }
      const slot = this.#at;
      const next = slot + 1 === size ? 0 : slot + 1;
      this.#needed[slot] = peak > this.#ceiling ? this.#ceiling / peak : 1;
      const gain = this.#gain(slot);
      for (let c = 0; c < channels.length; c++) {
        const line = this.#delay[c]!;
        line[slot] = channels[c]![i]!;
        const out = line[next]! * gain;
        // Only rounding can exceed the ceiling here.
        channels[c]![i] = gain === 1 ? out : Math.max(-this.#ceiling, Math.min(this.#ceiling, out));
      }
      this.#at = next;
    }
  }

  #gain(slot: number): number {
    const size = this.ahead + 1;
    this.#calm = this.#needed[slot]! < 1 ? 0 : this.#calm + 1;
    let lowest = 1;
    if (this.#calm < size) {
      for (let i = 0; i < size; i++) if (this.#needed[i]! < lowest) lowest = this.#needed[i]!;
    }
    this.#held = Math.min(lowest, this.#held + (1 - this.#held) * this.#release);
    if (this.#held > 0.99999 && lowest === 1) this.#held = 1;
    this.#sum += this.#held - this.#smooth[slot]!;
    this.#smooth[slot] = this.#held;
    this.#whole = this.#held === 1 ? this.#whole + 1 : 0;
    if (this.#whole >= size) {
      // Sums of fractions drift; a whole span of ones does not.
      this.#sum = size;
      return 1;
    }
    this.reduced += 1;
    return Math.min(1, this.#sum / size);
  }
}
