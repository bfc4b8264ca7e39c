import type { Worker } from 'node:worker_threads';
import { type FileSettings, ProtocolError } from '../../protocol/index.ts';
import { startThread } from '../util/program.ts';
import type { ClipFacts, RenderedFile } from './file.ts';
import type { RenderedStem, StemFacts } from './stem.ts';

/** Makes files in a thread of its own: a tenth of a second of work must not hold up anybody's sound. */
export interface FileRenderer {
  /** Throws io_error for what is no sound. */
  render(wav: Uint8Array, facts: ClipFacts, settings: FileSettings): Promise<RenderedFile>;
  /** As `renderStem`; the samples are gone afterwards. */
  stem(pcm: Float32Array<ArrayBuffer>, facts: StemFacts, settings: StemSettings): Promise<RenderedStem>;
  close(): Promise<void>;
}

type StemSettings = Omit<FileSettings, 'at'>;

export type RenderWork =
  | { file: { wav: Uint8Array; facts: ClipFacts; settings: FileSettings } }
  | { stem: { pcm: Float32Array<ArrayBuffer>; facts: StemFacts; settings: StemSettings } };

export type RenderOrder = { order: number } & RenderWork;

type Made = RenderedFile | RenderedStem;

export type RenderReply = { order: number } & ({ made: Made } | { error: string });

interface Waiting {
  resolve: (made: Made) => void;
  reject: (error: ProtocolError) => void;
}

/** The thread starts with the first file, and again after it has ended in a fault. */
export class ThreadedFileRenderer implements FileRenderer {
  readonly #start: () => Worker;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #count = 0;

  /** start: how a thread is started; tests give their own. */
  constructor(start: () => Worker = () => startThread(new URL('./render-worker.ts', import.meta.url))) {
    this.#start = start;
  }

  render(wav: Uint8Array, facts: ClipFacts, settings: FileSettings): Promise<RenderedFile> {
    return this.#order({ file: { wav, facts, settings } }) as Promise<RenderedFile>;
  }

  stem(pcm: Float32Array<ArrayBuffer>, facts: StemFacts, settings: StemSettings): Promise<RenderedStem> {
    return this.#order({ stem: { pcm, facts, settings } }, [pcm.buffer]);
  }

  #order(work: RenderWork, transfer: ArrayBuffer[] = []): Promise<Made> {
    const order = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(order, { resolve, reject });
      const worker = this.#started();
      // A process waits for a file that is being made, and not for a thread that has nothing to do.
      worker.ref();
      worker.postMessage({ order, ...work } satisfies RenderOrder, transfer);
    });
  }

  async close(): Promise<void> {
    this.#failAll('the server is stopping');
    await this.#worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.on('message', (reply: RenderReply) => {
      const waiting = this.#waiting.get(reply.order);
      this.#waiting.delete(reply.order);
      if (this.#waiting.size === 0) worker.unref();
      if ('made' in reply) waiting?.resolve(reply.made);
      else waiting?.reject(new ProtocolError('io_error', `the file could not be made: ${reply.error}`));
    });
    const ended = (why: string): void => {
      // After a fault comes an exit as well, and by then the orders that wait may be another thread's.
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#failAll(why);
    };
    worker.on('error', (error) => ended(String(error)));
    worker.on('exit', () => ended('its thread ended'));
    this.#worker = worker;
    return worker;
  }

  #failAll(why: string): void {
    for (const { reject } of this.#waiting.values())
      reject(new ProtocolError('io_error', `the file could not be made: ${why}`));
    this.#waiting.clear();
  }
}
