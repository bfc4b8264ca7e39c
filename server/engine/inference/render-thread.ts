import type { Worker } from 'node:worker_threads';
import { startThread } from '../../util/program.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import type { ClipRenderer, OnAudioChunk, Rendered, RendererOptions, RenderOrder } from './renderer.ts';

export type ToRenderer =
  | { id: number; renderer: number; type: 'open'; of: RendererOptions }
  | { id: number; renderer: number; type: 'render'; order: RenderOrder; chunks: boolean }
  | { id: number; renderer: number; type: 'close' }
  | { id: number; type: 'hold' }
  | { id: number; type: 'release' };

/** Every order to the thread is answered by a message with its id, after the requested chunks. */
export interface FromRenderer {
  id: number;
  /** What was rendered; of a voice that was opened, how it can be cut. */
  result: Rendered | Pick<ClipRenderer, 'segments' | 'reach'> | null;
  problem: { code: EngineErrorCode; message: string } | null;
}

export interface AudioChunk {
  id: number;
  chunk: { offset: number; pcm: Float32Array };
}

interface Waiting {
  onAudioChunk: OnAudioChunk | undefined;
  resolve: (result: FromRenderer['result']) => void;
  reject: (error: EngineError) => void;
}

/** A thread that renders for all voices, one order after the other (render-queue.ts), while this thread samples. */
export class RenderThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;

  /** onEnd: the thread is gone, which it never is while all is well. */
  constructor(onEnd: (reason: string) => void) {
    this.#worker = startThread(new URL('./render-worker.ts', import.meta.url));
    this.#worker.on('message', (message: FromRenderer | AudioChunk) => this.#receive(message));
    this.#worker.once('error', (error) => onEnd(String(error)));
    this.#worker.once('exit', (code) => onEnd(`exit code ${code}`));
  }

  /** Rejects with voice_missing or voice_corrupt. */
  async open(of: RendererOptions): Promise<ClipRenderer> {
    const renderer = ++this.#ids;
    const opened = (await this.#ask({ type: 'open', renderer, of })) as Pick<ClipRenderer, 'segments' | 'reach'>;
    return {
      ...opened,
      render: async (order, onAudioChunk) => {
        const chunks = onAudioChunk !== undefined;
        return (await this.#ask({ type: 'render', renderer, order, chunks }, onAudioChunk)) as Rendered;
      },
      hold: () => this.#hold(),
      close: async () => void (await this.#ask({ type: 'close', renderer })),
    };
  }

  #hold(): () => void {
    const id = ++this.#ids;
    this.#worker.postMessage({ id, type: 'hold' } satisfies ToRenderer);
    return () => this.#worker.postMessage({ id, type: 'release' } satisfies ToRenderer);
  }

  #ask(message: DistributiveOmit<ToRenderer, 'id'>, onAudioChunk?: OnAudioChunk): Promise<FromRenderer['result']> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onAudioChunk });
      this.#worker.postMessage({ ...message, id });
    });
  }

  #receive(message: FromRenderer | AudioChunk): void {
    const waiting = this.#waiting.get(message.id);
    if ('chunk' in message) {
      waiting?.onAudioChunk?.(message.chunk.offset, message.chunk.pcm);
      return;
    }
    const { id, result, problem } = message;
    this.#waiting.delete(id);
    if (problem === null) waiting?.resolve(result);
    else waiting?.reject(new EngineError(problem.code, problem.message));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
