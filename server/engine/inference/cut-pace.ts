/** What is added to what a cut is expected to take (ms). */
const SLACK = 25;
/** A slower cut than was expected counts at once, a quicker one by so much, and one that was not tried by so much. */
const FORGETS = { quicker: 0.15, untried: 0.05 };

/** Estimates how soon a change can be audible, from the time that rows and rendering after the latest cuts took. */
export class CutPace {
  #usualMs: number | null = null;
  #begun = 0;
  #isRunning = false;
  #restedAt = 0;

  /** From a change to its sound where it is due. */
  get expectedMs(): number {
    return (this.#usualMs ?? Number.POSITIVE_INFINITY) + SLACK;
  }

  /** Whether another may begin: a wheel that is turned leaves half of the time to all else. */
  get isResting(): boolean {
    return this.#isRunning || performance.now() < this.#restedAt;
  }

  /** What comes first of a stream takes about as long as a cut. */
  begin(): void {
    this.#begun = performance.now();
    this.#isRunning = true;
  }

  /** Sound is there that is due so long (ms) after the cut. */
  sounds(dueMs: number): void {
    const now = performance.now();
    const took = now - this.#begun - dueMs;
    if (this.#isRunning) {
      this.#isRunning = false;
      // A beginning is no reason to rest.
      this.#restedAt = this.#usualMs === null ? now : now + took;
      const usual = this.#usualMs ?? took;
      this.#usualMs = usual - FORGETS.quicker * Math.max(0, usual - took);
    }
    // Later parts of it must be in time, too.
    this.#usualMs = Math.max(this.#usualMs ?? 0, took);
  }

  /** There was no time for one: that may have been long ago. */
  forget(): void {
    if (this.#usualMs !== null) this.#usualMs *= 1 - FORGETS.untried;
  }
}
