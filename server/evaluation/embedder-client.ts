import type { EarCard, HeardClip } from '../engine/inference/embedder.ts';
import { readEarCard } from '../engine/inference/embedder.ts';
import { TaskProcess } from '../engine/process/task-process.ts';
import type { Embedded } from './fad.ts';
import type { Distances } from './measure.ts';

/** A reference other than the embedder's own: a .npz of the trainer's, or clips that were heard. */
export type GivenReference = { npz: Uint8Array } | { clips: Record<string, Embedded[]> };

/** What the listening process is asked. */
export type ListenTask =
  | { do: 'hear'; dir: string; pcm: Float32Array; rate: number }
  | { do: 'classes'; dir: string; given: GivenReference | null }
  | { do: 'measure'; dir: string; given: GivenReference | null; label: string; clips: Embedded[]; seed: number };

export interface ListenerOptions {
  idleMs?: number;
  /** Milliseconds of one task. */
  taskMs?: number;
  /** Bytes of memory; more ends the process. */
  memory?: number;
}

/** Hears clips and tells distances, in a process of its own: neither takes a turn from the server's event loop. */
export class Listener {
  readonly #process: TaskProcess;

  constructor(options: ListenerOptions = {}) {
    this.#process = new TaskProcess({
      entry: new URL('./embedder-process.ts', import.meta.url),
      name: 'the embedder',
      ...{ taskMs: 600_000, most: 64, ...options },
    });
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  /** The embedder in folder `dir`. Throws voice_missing or voice_corrupt. */
  card(dir: string): Promise<EarCard> {
    return readEarCard(dir);
  }

  /** Mono at any rate. Rejects with an EngineError. */
  hear(dir: string, pcm: Float32Array, rate: number): Promise<HeardClip> {
    return this.#process.ask({ do: 'hear', dir, pcm, rate } satisfies ListenTask);
  }

  /** Classes that the reference knows. Rejects with an EngineError: also for a file that is no reference. */
  classes(dir: string, given: GivenReference | null): Promise<string[]> {
    return this.#process.ask({ do: 'classes', dir, given } satisfies ListenTask);
  }

  measure(
    dir: string,
    given: GivenReference | null,
    label: string,
    clips: Embedded[],
    seed: number,
  ): Promise<Distances> {
    return this.#process.ask({ do: 'measure', dir, given, label, clips, seed } satisfies ListenTask);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
