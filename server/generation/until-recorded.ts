import type { GenerationContext } from './context.ts';

type Told = Parameters<GenerationContext['emit']>;

/**
 * A job whose engine is at work while its record is still being written: nobody is told of it, or handed anything of it,
 * before the record is on the disk. What cannot be recorded ends.
 */
export class UntilRecorded {
  /** What the job is made in. */
  readonly context: GenerationContext;
  readonly #asked: GenerationContext;
  readonly #recording: Promise<void>;
  readonly #stop = new AbortController();
  #job: string | null = null;
  /** Null as soon as it is on the disk. */
  #waiting: Told[] | null = [];

  constructor(asked: GenerationContext, recording: Promise<void>) {
    this.#asked = asked;
    this.#recording = recording;
    this.context = {
      session: asked.session,
      signal: this.#stop.signal,
      setJob: (job) => {
        this.#job = job;
        if (this.#waiting === null) asked.setJob(job);
      },
      emit: ((...told: Told) => {
        if (this.#waiting === null) asked.emit(...told);
        else this.#waiting.push(told);
      }) as GenerationContext['emit'],
    };
  }

  /** Resolves and rejects as `making` does, once that is all that can; rejects with what kept the job from being recorded. */
  async run<T>(making: (context: GenerationContext) => Promise<T>): Promise<T> {
    const { signal } = this.#asked;
    const end = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      const made = making(this.context);
      // Looked at below.
      made.catch(() => undefined);
      try {
        await this.#recording;
      } catch (error) {
        this.#stop.abort(error);
        await made.catch(() => undefined);
        throw error;
      }
      this.#tell();
      return await made;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #tell(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (this.#job !== null) this.#asked.setJob(this.#job);
    for (const told of waiting) this.#asked.emit(...told);
  }
}
