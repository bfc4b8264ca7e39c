import type { EmbedderCard } from '../cards/embedder-card.ts';
import type { EmbeddedClip } from '../engine/inference/embedder.ts';
import { readEmbedderCard } from '../engine/inference/embedder.ts';
import { type Asker, TaskProcess } from '../engine/process/task-process.ts';
import type { MaskedClip } from './fad.ts';
import type { Distances } from './measure.ts';
import type { NearRecording } from './nearest-recording.ts';
import type { ClipScore } from './ranking.ts';

/** A reference other than the embedder's own: a .npz of the trainer's, or clips that were heard. */
export type CustomReference = { npz: Uint8Array } | { clips: Record<string, MaskedClip[]> };

/** Classes of a reference, and whether only sounding patches count against it. */
export interface ReferenceFacts {
  labels: string[];
  sounding: boolean;
}

/** Of the wanted classes, by name. */
type Weights = Readonly<Record<string, number>>;

/** What the listening process is asked. */
export type EmbedderTask =
  | { do: 'embed'; dir: string; pcm: Float32Array; rate: number }
  | { do: 'score'; dir: string; voices: string[]; pcm: Float32Array; rate: number; weights: Weights }
  | { do: 'nearest'; voice: string; pcm: Float32Array; rate: number; most: number }
  | { do: 'reference'; dir: string; given: CustomReference | null }
  | { do: 'measure'; dir: string; given: CustomReference | null; label: string; clips: MaskedClip[]; seed: number };

export interface EmbedderClientOptions {
  idleMs?: number;
  /** Milliseconds of one task, from when it begins. */
  taskMs?: number;
  /** Bytes of memory; more ends the process. */
  memory?: number;
}

/** Embeds clips and computes distances in a child process, so that neither blocks the server's event loop. */
export class EmbedderClient {
  readonly #process: TaskProcess;

  constructor(options: EmbedderClientOptions = {}) {
    this.#process = new TaskProcess({
      entry: new URL('./embedder-process.ts', import.meta.url),
      name: 'the embedder',
      taskMs: 600_000,
      most: 64,
      ...options,
    });
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  /** The embedder in folder `dir`. Throws voice_missing or voice_corrupt. */
  card(dir: string): Promise<EmbedderCard> {
    return readEmbedderCard(dir);
  }

  /** Mono at any rate. Rejects with an EngineError. */
  embed(dir: string, pcm: Float32Array, rate: number): Promise<EmbeddedClip> {
    return this.#process.ask({ do: 'embed', dir, pcm, rate } satisfies EmbedderTask);
  }

  /**
   * How good a clip is as one of these classes, given by weight. `voices`: folders of those whose training recordings it
   * must not come too near to. Rejects with an EngineError.
   */
  score(dir: string, voices: string[], pcm: Float32Array, rate: number, weights: Weights): Promise<ClipScore> {
    return this.#process.ask({ do: 'score', dir, voices, pcm, rate, weights } satisfies EmbedderTask);
  }

  /**
   * Training recordings nearest to a sound, nearest first; null where the voice has no fingerprints. Rejects with an EngineError,
   * and with the reason of the asker's signal.
   */
  nearest(
    voice: string,
    { pcm, rate, most }: { pcm: Float32Array; rate: number; most: number },
    asker?: Asker,
  ): Promise<NearRecording[] | null> {
    return this.#process.ask({ do: 'nearest', voice, pcm, rate, most } satisfies EmbedderTask, asker);
  }

  /** What the reference knows. Rejects with an EngineError: also for a file that is no reference. */
  reference(dir: string, given: CustomReference | null): Promise<ReferenceFacts> {
    return this.#process.ask({ do: 'reference', dir, given } satisfies EmbedderTask);
  }

  measure(
    dir: string,
    given: CustomReference | null,
    label: string,
    clips: MaskedClip[],
    seed: number,
  ): Promise<Distances> {
    return this.#process.ask({ do: 'measure', dir, given, label, clips, seed } satisfies EmbedderTask);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
