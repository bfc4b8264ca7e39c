/**
 * Many WebSocket clients that ask at once: is anyone lost, is the order that of arrival, what does it cost in memory?
 * `node --import tsx server/bench/clients.ts [--clients 64] [--voice ID] [--models DIR] [--threads 2]`
 */
import { jsonCodec, msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, connect, machine, median, print, round, startServer } from './support.ts';

const flags = benchFlags({ clients: { type: 'string', default: '64' } });
const { models, voice, threads } = flags;
const server = await startServer({ models, voice, threads });
const codecs = [jsonCodec, msgpackCodec];
const clients = await Promise.all(
  Array.from({ length: Number(flags.clients) }, (_, i) => connect(server.ws, codecs[i % 2])),
);
await clients[0]?.ask('foley.generate', { class: 0, seed: 1 });
await server.watch();
const before = await server.report();
const began = performance.now();
const waits = await Promise.all(
  clients.map(async (client, seed) => {
    let frames = 0;
    const end = await client.ask('foley.generate', { class: 0, seed }, ({ event, data }) => {
      if (event === 'audio') frames += (data.pcm as Uint8Array).length / 4;
    });
    const whole = end.event === 'done' && frames > 0;
    return { whole, seconds: (performance.now() - began) / 1000 };
  }),
);
const seconds = (performance.now() - began) / 1000;
const after = await server.report();
for (const client of clients) client.close();
await server.close();
const queued = after.queued.slice(1);
const ended = after.ended.slice(1);
const lost = waits.filter(({ whole }) => !whole).length + clients.length - ended.length;
const inOrder = queued.every((job, i) => ended[i] === job);
print({
  ...{ bench: 'clients', ...machine(), voice, clients: clients.length, lost, inOrder, seconds: round(seconds) },
  secondsPerClip: round(seconds / clients.length),
  waitSeconds: {
    median: median(waits.map((wait) => wait.seconds)),
    longest: round(Math.max(...waits.map((wait) => wait.seconds))),
  },
  rssMb: { before: before.rssMb.now, peak: after.rssMb.peak, after: after.rssMb.now },
  eventLoopMs: after.eventLoopMs,
});
process.exitCode = lost > 0 || !inOrder ? 1 : 0;
