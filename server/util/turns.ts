import { orAborted } from './or-aborted.ts';

/** Work on things with names, one piece at a time for each name, in the order it was given. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves or rejects as the work does; what follows begins either way. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(name) ?? Promise.resolve()).then(work);
    const settled = done
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        if (this.#last.get(name) === settled) this.#last.delete(name);
      });
    this.#last.set(name, settled);
    return done;
  }
}

/** Work of one kind, one piece at a time, in the order it was given. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Resolves or rejects as the work does; what follows begins either way. Where the signal aborts before its turn has come,
   * it rejects at once for that reason, and never begins.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const begins = this.#last;
    const done = begins.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#last = done.catch(() => undefined);
    return signal === undefined ? done : orAborted(begins, signal).then(() => done);
  }

  /** Resolves when all that was given so far has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
