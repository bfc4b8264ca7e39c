/**
 * How long the server's event loop is held up while clips are made for a JSON client and a msgpack client at once.
 * `node --import tsx server/bench/event-loop.ts [--clips 8] [--rate HZ] [--voice ID] [--models DIR] [--threads 1]`
 */
import { jsonCodec, msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, connect, machine, print, startServer } from './support.ts';

const flags = benchFlags({ clips: { type: 'string', default: '8' }, rate: { type: 'string', default: '22050' } });
const { clips, models, voice, threads } = flags;
const server = await startServer({ models, voice, threads });
const clients = [await connect(server.ws, jsonCodec), await connect(server.ws, msgpackCodec)];
const rate = Number(flags.rate);
const args = { rate, class: 0, seed: 1, previews: true, save: true, count: Number(clips) };
// What is compiled and loaded once is no part of the figure.
for (const client of clients) await client.ask('foley.generate', { ...args, count: 1 });
await server.watch();
const began = performance.now();
const ends = await Promise.all(clients.map((client) => client.ask('foley.generate', args)));
const seconds = (performance.now() - began) / 1000;
const { eventLoopMs, rssMb } = await server.report();
for (const client of clients) client.close();
await server.close();
const failed = ends.filter(({ event }) => event !== 'done');
print({
  bench: 'event-loop',
  ...machine(),
  voice,
  rate,
  clips: 2 * Number(clips),
  seconds,
  eventLoopMs,
  rssMb,
  failed,
});
process.exitCode = failed.length > 0 ? 1 : 0;
