import { stat } from 'node:fs/promises';
import path from 'node:path';
import { VoiceChecker } from '../engine/process/checker.ts';
import { Listener } from './embedder-client.ts';

/** An embedder hears a second of silence in a hundredth of either. */
const TASK_MS = 60_000;
const MEMORY = 2 * 2 ** 30;

/** What is tried of a voice of unknown origin. */
export interface ForeignVoice {
  /** Absolute path of its folder. */
  dir: string;
  /** Hz. */
  rate: number;
}

/**
 * Tries voices of unknown origin, each part in a process that does nothing else: its graphs make and encode a clip, its
 * embedder hears one, its reference statistics are read (numbers alone: objects, which only pickle reads, are refused).
 */
export class ForeignVoices {
  readonly #checker = new VoiceChecker();
  readonly #listener = new Listener({ idleMs: 1000, taskMs: TASK_MS, memory: MEMORY });

  /** Rejects with an error that has a code. */
  async check({ dir, rate }: ForeignVoice): Promise<void> {
    await this.#checker.check(dir);
    if ((await stat(path.join(dir, 'embedder.json')).catch(() => null)) === null) return;
    await this.#listener.hear(dir, new Float32Array(rate), rate);
    const { reference } = await this.#listener.card(dir);
    if (reference !== undefined) await this.#listener.classes(dir, null);
  }

  async close(): Promise<void> {
    await Promise.all([this.#checker.close(), this.#listener.close()]);
  }
}
