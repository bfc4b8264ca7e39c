import { stat } from 'node:fs/promises';
import path from 'node:path';
import { VoiceChecker } from '../engine/process/checker.ts';
import { EmbedderClient } from './embedder-client.ts';

/** An embedder hears a second of silence in a hundredth of either. */
const TASK_MS = 60_000;
const MEMORY = 2 * 2 ** 30;

/** What is tried of a voice of unknown origin. */
export interface UntrustedVoice {
  /** Absolute path of its folder. */
  dir: string;
  /** Hz. */
  rate: number;
}

/**
 * Tries voices of unknown origin, each part in a process that does nothing else: its graphs make and encode a clip, its
 * embedder hears one, its reference statistics and the fingerprints of its recordings are read (numbers alone: objects,
 * which only pickle reads, are refused).
 */
export class UntrustedVoices {
  readonly #checker = new VoiceChecker();
  readonly #client = new EmbedderClient({ idleMs: 1000, taskMs: TASK_MS, memory: MEMORY });

  /** Rejects with an error that has a code. */
  async check({ dir, rate }: UntrustedVoice): Promise<void> {
    await this.#checker.check(dir);
    const second = new Float32Array(rate);
    await this.#client.nearest(dir, { pcm: second, rate, most: 1 });
    if ((await stat(path.join(dir, 'embedder.json')).catch(() => null)) === null) return;
    await this.#client.embed(dir, second, rate);
    const { reference } = await this.#client.card(dir);
    if (reference !== undefined) await this.#client.reference(dir, null);
  }

  async close(): Promise<void> {
    await Promise.all([this.#checker.close(), this.#client.close()]);
  }
}
