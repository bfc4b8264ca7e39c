import { type Asker, TaskProcess } from './task-process.ts';

/** Says recordings in a voice's codes. */
export interface Encoder {
  /**
   * Mono PCM at `rate` Hz, cut or filled with silence to a clip's length -> rows x columns codes in raster order.
   * Rejects with an EngineError, and with the reason of the asker's signal.
   */
  encode(voiceDir: string, pcm: Float32Array, rate: number, asker?: Asker): Promise<Uint16Array>;
  close(): Promise<void>;
}

export interface EncodeTask {
  voiceDir: string;
  pcm: Float32Array;
  rate: number;
}

/** The encoder in a process of its own. */
export class EncoderProcess implements Encoder {
  readonly #process: TaskProcess;

  constructor({ idleMs }: { idleMs?: number } = {}) {
    const entry = new URL('./encoder-child.ts', import.meta.url);
    this.#process = new TaskProcess({ entry, name: 'the encoder', ...(idleMs === undefined ? {} : { idleMs }) });
  }

  /** Null while none is needed. */
  get pid(): number | null {
    return this.#process.pid;
  }

  async encode(voiceDir: string, pcm: Float32Array, rate: number, asker?: Asker): Promise<Uint16Array> {
    const codes = await this.#process.ask<Uint16Array>({ voiceDir, pcm, rate } satisfies EncodeTask, asker);
    return codes.slice();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
