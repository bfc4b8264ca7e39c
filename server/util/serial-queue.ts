import { orAborted } from './or-aborted.ts';

/** Tasks that run one at a time for each key, in the order they were added. */
export class SerialQueues {
  readonly #last = new Map<string, Promise<void>>();

  /** Settles as the task does; the next task of the key starts either way. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(task);
    const settled = done
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        if (this.#last.get(key) === settled) this.#last.delete(key);
      });
    this.#last.set(key, settled);
    return done;
  }
}

/** Tasks that run one at a time, in the order they were added. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Settles as the task does; the next one starts either way. If the signal aborts before the task has started, this
   * rejects immediately with the signal's reason, and the task never starts.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    const done = before.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    this.#last = done.catch(() => undefined);
    return signal === undefined ? done : orAborted(before, signal).then(() => done);
  }

  /** Resolves when every task added so far has settled. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
