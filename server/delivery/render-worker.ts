/** The thread of render-thread.ts: one file after the other. */
import { parentPort } from 'node:worker_threads';
import { SerialQueue } from '../util/serial-queue.ts';
import { renderFile } from './file.ts';
import type { RenderOrder, RenderReply, RenderWork } from './render-thread.ts';
import { renderStem } from './stem.ts';

const port = parentPort!;
const queue = new SerialQueue();
port.on('message', ({ order, ...work }: RenderOrder) => {
  void queue.run(async () => {
    let reply: RenderReply;
    try {
      reply = { order, made: await madeOf(work) };
    } catch (error) {
      reply = { order, error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply, 'made' in reply ? [reply.made.bytes.buffer as ArrayBuffer] : []);
  });
});

function madeOf(work: RenderWork) {
  if ('stem' in work) return renderStem(work.stem.pcm, work.stem.facts, work.stem.settings);
  return renderFile(work.file.wav, work.file.facts, work.file.settings);
}
