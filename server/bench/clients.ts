/**
 * Many WebSocket clients that ask at once: is anyone lost, is the order that of arrival, how many clips a second come
 * out, what does it cost in memory? By the number of clips that are made at once (lanes), each in a fresh server, in turns.
 * `node --import tsx server/bench/clients.ts [--clients 64] [--lanes 1,2] [--rounds 2] [--voice ID] [--models DIR] [--threads 1]`
 */
import { jsonCodec, msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, connect, machine, median, print, round, startServer } from './support.ts';

const flags = benchFlags({
  clients: { type: 'string', default: '64' },
  lanes: { type: 'string', default: '1,2' },
  rounds: { type: 'string', default: '2' },
});
const { models, voice, threads } = flags;
const codecs = [jsonCodec, msgpackCodec];

async function measure(lanes: number) {
  const server = await startServer({ models, voice, threads, lanes });
  const clients = await Promise.all(
    Array.from({ length: Number(flags.clients) }, (_, i) => connect(server.ws, codecs[i % 2])),
  );
  await Promise.all(clients.slice(0, 2 * lanes).map((client) => client.ask('foley.generate', { class: 0, seed: 1 })));
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
  const { engine } = (await clients[0]!.ask('server.info', {})).data as { engine: Record<string, unknown> };
  for (const client of clients) client.close();
  await server.close();
  const [queued, started] = [after.queued.slice(2 * lanes), after.started.slice(2 * lanes)];
  return {
    lanes,
    lost: waits.filter(({ whole }) => !whole).length + clients.length + 2 * lanes - after.ended.length,
    inOrder: queued.every((job, i) => started[i] === job),
    clipsPerSecond: round(clients.length / seconds),
    waitSeconds: {
      median: median(waits.map((wait) => wait.seconds)),
      longest: round(Math.max(...waits.map((wait) => wait.seconds))),
    },
    rssMb: { before: before.rssMb.now, peak: after.rssMb.peak, after: after.rssMb.now },
    engineMb: engine.memoryMb,
    eventLoopMs: after.eventLoopMs,
  };
}

const lanes = flags.lanes.split(',').map(Number);
const results: Awaited<ReturnType<typeof measure>>[] = [];
for (let turn = 0; turn < Number(flags.rounds); turn++) {
  for (const count of turn % 2 === 0 ? lanes : lanes.toReversed()) results.push(await measure(count));
}
const rate = (count: number): number =>
  median(results.filter((result) => result.lanes === count).map(({ clipsPerSecond }) => clipsPerSecond));
print({
  bench: 'clients',
  ...machine(),
  voice,
  clients: Number(flags.clients),
  threads: Number(threads),
  clipsPerSecond: Object.fromEntries(lanes.map((count) => [count, rate(count)])),
  ratio: round(rate(lanes.at(-1)!) / rate(lanes[0]!)),
  results,
});
process.exitCode = results.some(({ lost, inOrder }) => lost > 0 || !inOrder) ? 1 : 0;
