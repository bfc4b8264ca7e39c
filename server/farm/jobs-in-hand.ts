import type { JobRun } from './job-run.ts';
import { type Urgency, urgencies } from './names.ts';

/** Clips that are made sooner than this cost less than the way to them: as many again are taken ahead. */
const SHORT_MS = 2000;
/** How much the newest clip counts in how long one takes. */
const NEWEST = 0.2;

/** Jobs that a worker has taken and not ended, and how many more it may take. */
export class JobsInHand {
  readonly #runs: Record<Urgency, Set<JobRun>> = { live: new Set(), bulk: new Set() };
  readonly #waiting = new Set<() => void>();
  readonly #slots: () => number;
  /** Milliseconds that a bulk clip is in hand; unknown before the first one. */
  #bulkMs = Number.POSITIVE_INFINITY;

  /** slots: clips that the engine makes at a time. */
  constructor(slots: () => number) {
    this.#slots = slots;
  }

  all(): JobRun[] {
    return urgencies.flatMap((urgency) => [...this.#runs[urgency]]);
  }

  size(urgency: Urgency): number {
    return this.#runs[urgency].size;
  }

  /** How many are to be asked for; 0 until more have ended. */
  free(urgency: Urgency): number {
    const ahead = this.#ahead(urgency);
    const free = this.#slots() + ahead - this.#runs[urgency].size;
    // Several at once where some are in hand still: asking costs both sides the same for one and for four.
    return free <= 0 || free < ahead ? 0 : free;
  }

  add(urgency: Urgency, run: JobRun): void {
    this.#runs[urgency].add(run);
  }

  remove(urgency: Urgency, run: JobRun): void {
    this.#runs[urgency].delete(run);
  }

  /** A clip was made, and was in hand for so long. */
  noteMade(urgency: Urgency, ms: number): void {
    if (urgency === 'bulk')
      this.#bulkMs = Number.isFinite(this.#bulkMs) ? this.#bulkMs + NEWEST * (ms - this.#bulkMs) : ms;
  }

  /** Resolves with the next `wake`. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  wake(): void {
    for (const wake of [...this.#waiting]) {
      this.#waiting.delete(wake);
      wake();
    }
  }

  /** Whoever waits for a clip has it made by the next worker that is free, not by one that took it ahead. */
  #ahead(urgency: Urgency): number {
    return urgency === 'bulk' && this.#bulkMs < SHORT_MS ? this.#slots() : 0;
  }
}
