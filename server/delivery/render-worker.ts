/** The thread of render-thread.ts: one file after the other. */
import { parentPort } from 'node:worker_threads';
import { renderFile } from './file.ts';
import type { RenderOrder, RenderReply } from './render-thread.ts';

const port = parentPort!;
let last: Promise<void> = Promise.resolve();
port.on('message', ({ order, wav, facts, settings }: RenderOrder) => {
  last = last.then(async () => {
    let reply: RenderReply;
    try {
      reply = { order, made: await renderFile(wav, facts, settings) };
    } catch (error) {
      reply = { order, error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply, 'made' in reply ? [reply.made.bytes.buffer as ArrayBuffer] : []);
  });
});
