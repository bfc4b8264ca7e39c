/** The rendering thread. A graph run blocks its thread, so sampling runs in another one. */
import { parentPort } from 'node:worker_threads';
import { toEngineError } from '../errors.ts';
import { GridAxes } from './code-grid.ts';
import { RenderQueue } from './render-queue.ts';
import type { AudioChunk, FromRenderer, ToRenderer } from './render-thread.ts';
import { type GiveWay, Renderer } from './renderer.ts';

type Order = Exclude<ToRenderer, { type: 'hold' | 'release' }>;

const opened = new Map<number, Renderer>();
const queue = new RenderQueue();
const holds = new Map<number, () => void>();

async function perform(message: Order, giveWay: GiveWay): Promise<FromRenderer['result']> {
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
    const onChunk = (offset: number, pcm: Float32Array): void => tell({ id, chunk: { offset, pcm } });
    return await renderer.render(order, chunks ? onChunk : undefined, giveWay);
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

parentPort?.on('message', (message: ToRenderer) => {
  const { id } = message;
  if (message.type === 'hold') holds.set(id, queue.hold());
  else if (message.type === 'release') {
    holds.get(id)?.();
    holds.delete(id);
  } else {
    queue.add(
      async (giveWay) => {
        try {
          tell({ id, result: await perform(message, giveWay), problem: null });
        } catch (error) {
          const { code, message: text } = toEngineError(error);
          tell({ id, result: null, problem: { code, message: text } });
        }
      },
      message.type === 'render' && message.order.urgent === true,
    );
  }
});
