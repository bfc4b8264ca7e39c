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
 * Publishes the events of all jobs to watchers; the client that requested a job gets them directly
 * (`JobOrder.onEvent`). Delivery is synchronous, in the order of subscription; a listener that throws is logged and
 * does not affect the others.
 */
export class JobEventBus {
  readonly #listeners = new Set<{ hear: JobListener }>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Returns the way to stop. */
  subscribe(hear: JobListener): () => void {
    const listener = { hear };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  publish(job: string, event: JobEvent): void {
    for (const { hear } of [...this.#listeners]) {
      try {
        hear(event, job);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
