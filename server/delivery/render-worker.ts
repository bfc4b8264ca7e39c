/** The thread of render-thread.ts: one file after the other. */
import { parentPort } from 'node:worker_threads';
import { renderFile } from './file.ts';
import type { RenderOrder, RenderReply, RenderWork } from './render-thread.ts';
import { renderStem } from './stem.ts';

const port = parentPort!;
let last: Promise<void> = Promise.resolve();
port.on('message', ({ order, ...work }: RenderOrder) => {
  last = last.then(async () => {
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
