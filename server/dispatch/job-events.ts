/** What can happen to a job, in order: queued, started, then rows, previews and audio of each clip, and exactly one ended. */
export type JobEvent =
  | { type: 'queued'; owner: string; clips: number; position: number }
  | { type: 'started'; waitedMs: number }
  | { type: 'row'; index: number; row: number; rows: number; codes: Uint16Array }
  | { type: 'preview'; index: number; codebooks: number; seconds?: number; rate: number; pcm: Float32Array }
  | { type: 'audio'; index: number; offset: number; total: number; rate: number; pcm: Float32Array }
  | { type: 'ended'; outcome: 'done' | 'cancelled' | 'failed'; code: string | null; ranMs: number };

export type JobListener = (event: JobEvent, job: string) => void;

/**
 * Fans the events of jobs out to whoever subscribed. Delivery is synchronous and in the order of subscription; a
 * listener that throws is reported and does not keep the others from hearing.
 */
export class JobEventBus {
  readonly #byJob = new Map<string, Set<JobListener>>();
  readonly #all = new Set<JobListener>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Hears one job, or every job when `job` is null. Returns the way to stop. A job's own listeners go with its end. */
  subscribe(job: string | null, listener: JobListener): () => void {
    if (job === null) {
      this.#all.add(listener);
      return () => void this.#all.delete(listener);
    }
    const listeners = this.#byJob.get(job) ?? new Set<JobListener>();
    listeners.add(listener);
    this.#byJob.set(job, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byJob.get(job) === listeners) this.#byJob.delete(job);
    };
  }

  publish(job: string, event: JobEvent): void {
    for (const listener of [...(this.#byJob.get(job) ?? []), ...this.#all]) {
      try {
        listener(event, job);
      } catch (error) {
        this.#onError(error);
      }
    }
    if (event.type === 'ended') this.#byJob.delete(job);
  }

  /** Jobs that somebody listens to. */
  get jobs(): number {
    return this.#byJob.size;
  }
}
