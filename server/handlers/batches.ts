import { ProtocolError } from '../../protocol/index.ts';
import type { OpenJob } from '../dispatch/scheduler.ts';
import { eitherSignal } from '../util/either-signal.ts';

interface OpenBatch {
  owner: string;
  created: number;
  files: number;
  done: number;
  stop: AbortController;
  paused: boolean;
  /** Wakes the lines that wait while it is paused. */
  wake: Set<() => void>;
}

export interface RunningBatch {
  readonly job: string;
  readonly signal: AbortSignal;
  readonly paused: boolean;
  /** One file more is done. */
  count(): number;
  /** Resolves at once, or when a paused batch goes on; rejects when it ends. */
  turn(): Promise<void>;
  end(): void;
}

/** Running batches (`clip.batch`, `foley.spot`). The scheduler knows only the jobs of their lines; here they are listed, paused and cancelled as one job each. */
export class Batches {
  readonly #open = new Map<string, OpenBatch>();

  begin(job: string, signal: AbortSignal, more: { owner: string; files: number; paused?: boolean }): RunningBatch {
    const { owner, files, paused = false } = more;
    const stop = new AbortController();
    const batch: OpenBatch = { owner, files, paused, stop, created: Date.now(), done: 0, wake: new Set() };
    this.#open.set(job, batch);
    const { signal: either, release } = eitherSignal(signal, stop.signal);
    either.addEventListener('abort', () => wakeAll(batch));
    return {
      job,
      signal: either,
      get paused() {
        return batch.paused;
      },
      count: () => ++batch.done,
      async turn() {
        either.throwIfAborted();
        while (batch.paused) {
          await new Promise<void>((resolve) => batch.wake.add(resolve));
          either.throwIfAborted();
        }
      },
      end: () => {
        release();
        this.#open.delete(job);
      },
    };
  }

  /** False when there is no such job, or it has ended. */
  cancel(job: string): boolean {
    const batch = this.#open.get(job);
    batch?.stop.abort(new ProtocolError('cancelled', 'the job was cancelled'));
    this.#open.delete(job);
    return batch !== undefined;
  }

  list(): OpenJob[] {
    return [...this.#open].map(([id, { owner, created, files, done, paused }]) => ({
      id,
      group: null,
      owner,
      created,
      clips: files,
      made: done,
      state: paused ? 'paused' : 'running',
    }));
  }

  /** Whether that changed anything. */
  pause(job: string, paused: boolean): boolean {
    const batch = this.#open.get(job);
    if (batch === undefined || batch.paused === paused) return false;
    batch.paused = paused;
    wakeAll(batch);
    return true;
  }

  has(job: string): boolean {
    return this.#open.has(job);
  }

  /** The server stops. */
  close(): void {
    for (const { stop } of this.#open.values()) stop.abort(new ProtocolError('shutting_down'));
  }
}

function wakeAll({ wake }: OpenBatch): void {
  for (const one of wake) one();
  wake.clear();
}
