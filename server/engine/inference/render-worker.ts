/** The thread that renders: a graph's run blocks its thread, so clips are sampled in another one meanwhile. */
import { parentPort } from 'node:worker_threads';
import { toEngineError } from '../errors.ts';
import { GridAxes } from './code-grid.ts';
import type { AudioChunk, FromRenderer, ToRenderer } from './render-thread.ts';
import { Renderer } from './renderer.ts';

const opened = new Map<number, Renderer>();

async function perform(message: ToRenderer): Promise<FromRenderer['result']> {
  if (message.type === 'open') {
    const { of, renderer } = message;
    const made = await Renderer.open(of, new GridAxes(of.card));
    opened.set(renderer, made);
    return { segments: made.segments, reach: made.reach };
  }
  const renderer = opened.get(message.renderer);
  if (renderer === undefined) throw new Error('no such renderer');
  if (message.type === 'render') {
    const { id, order, chunks } = message;
    return await renderer.render(order, chunks ? (offset, pcm) => tell({ id, chunk: { offset, pcm } }) : undefined);
  }
  opened.delete(message.renderer);
  await renderer.close();
  return null;
}

function tell(message: FromRenderer | AudioChunk): void {
  const told = 'chunk' in message ? message.chunk : message.result;
  const pcm = told !== null && 'pcm' in told ? told.pcm.buffer : null;
  parentPort?.postMessage(message, pcm instanceof ArrayBuffer ? [pcm] : []);
}

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: ToRenderer) => {
  last = last.then(async () => {
    try {
      tell({ id: message.id, result: await perform(message), problem: null });
    } catch (error) {
      const { code, message: text } = toEngineError(error);
      tell({ id: message.id, result: null, problem: { code, message: text } });
    }
  });
});
