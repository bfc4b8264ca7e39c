/** Messages that no command came of: who sent one, and what was wrong with it. */

export interface Refusal {
  transport: 'osc' | 'ws' | 'http';
  /** Of the sender, with its port. */
  address: string;
  /** Error code. */
  code: string;
  message: string;
}

/** Publishes refused messages to watchers: an OSC sender often cannot display an answer. */
export class Refusals {
  readonly #watchers = new Set<(refusal: Refusal) => void>();

  /** Returns the way to stop. */
  watch(watcher: (refusal: Refusal) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  tell(refusal: Refusal): void {
    for (const watcher of this.#watchers) watcher(refusal);
  }
}
