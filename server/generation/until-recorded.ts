import { eitherSignal } from '../util/either-signal.ts';
import type { GenerationContext } from './context.ts';

/**
 * Starts a job in the engine while its record is still being written, and holds its events back until the record is
 * on the disk. A job that cannot be recorded ends.
 */
export class UntilRecorded {
  /** What the job is made in. */
  readonly context: GenerationContext;
  readonly #recording: Promise<void>;
  readonly #failed = new AbortController();
  readonly #release: () => void;
  /** What is told once it is on the disk, in its order; null from then on. */
  #waiting: (() => void)[] | null = [];

  constructor(asked: GenerationContext, recording: Promise<void>) {
    const { signal, release } = eitherSignal(asked.signal, this.#failed.signal);
    [this.#recording, this.#release] = [recording, release];
    this.context = {
      session: asked.session,
      signal,
      setJob: (job) => this.#onceRecorded(() => asked.setJob(job)),
      emit: ((...told: Parameters<GenerationContext['emit']>) =>
        this.#onceRecorded(() => asked.emit(...told))) as GenerationContext['emit'],
    };
  }

  /** Resolves and rejects as `making` does, once that is all that can; rejects with what kept the job from being recorded. */
  async run<T>(making: (context: GenerationContext) => Promise<T>): Promise<T> {
    try {
      const made = making(this.context);
      // Looked at below.
      made.catch(() => undefined);
      try {
        await this.#recording;
      } catch (error) {
        this.#failed.abort(error);
        await made.catch(() => undefined);
        throw error;
      }
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const tell of waiting) tell();
      return await made;
    } finally {
      this.#release();
    }
  }

  #onceRecorded(tell: () => void): void {
    if (this.#waiting === null) tell();
    else this.#waiting.push(tell);
  }
}
