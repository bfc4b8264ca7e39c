/** The thread of render-thread.ts: one file after the other. */
import { parentPort } from 'node:worker_threads';
import { makeFile } from './file.ts';
import type { MakeOrder, MakeReply } from './render-thread.ts';

const port = parentPort!;
let last: Promise<void> = Promise.resolve();
port.on('message', ({ order, wav, facts, settings }: MakeOrder) => {
  last = last.then(async () => {
    let reply: MakeReply;
    try {
      reply = { order, made: await makeFile(wav, facts, settings) };
    } catch (error) {
      reply = { order, error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply, 'made' in reply ? [reply.made.bytes.buffer as ArrayBuffer] : []);
  });
});
