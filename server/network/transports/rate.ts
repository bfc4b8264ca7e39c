/** Lets `burst` things of one kind pass at once and `perSecond` of them in the long run; keeps no more than `kinds`. */
export class RateLimit {
  readonly #buckets = new Map<string, { left: number; at: number }>();
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #kinds: number;
  readonly #now: () => number;

  constructor(burst: number, perSecond: number, kinds: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#kinds = kinds;
    this.#now = now;
  }

  /** Whether one more may pass now. */
  take(kind: string): boolean {
    const now = this.#now();
    const known = this.#buckets.get(kind) ?? { left: this.#burst, at: now };
    const left = Math.min(this.#burst, known.left + ((now - known.at) / 1000) * this.#perSecond);
    this.#buckets.delete(kind);
    this.#buckets.set(kind, { left: left >= 1 ? left - 1 : left, at: now });
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > this.#kinds && !oldest.done) this.#buckets.delete(oldest.value);
    return left >= 1;
  }
}
