import { memoryCeiling } from './rss.ts';
import { TaskProcess } from './task-process.ts';

/** Milliseconds after which a voice that is tried hangs: the largest that is known takes a twentieth. */
const TASK_MS = 180_000;

export interface CheckerOptions {
  taskMs?: number;
  memory?: number;
}

/** Tries voices of unknown origin in a process of its own: whatever their graphs do to it happens to no clip. */
export class VoiceChecker {
  readonly #process: TaskProcess;

  constructor({ taskMs = TASK_MS, memory = memoryCeiling() }: CheckerOptions = {}) {
    this.#process = new TaskProcess({
      entry: new URL('./checker-child.ts', import.meta.url),
      name: 'the check of a voice',
      idleMs: 1000,
      taskMs,
      most: 4,
      memory,
    });
  }

  /**
   * Reads every graph, makes a clip twice and says it in codes. Rejects with an EngineError: voice_missing, voice_corrupt,
   * or engine_crashed where the process did not survive it.
   */
  async check(voiceDir: string): Promise<void> {
    await this.#process.ask<null>(voiceDir);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
