/**
 * One client, one clip at a time, from the request to each event, over JSON and over msgpack in turns.
 * `node --import tsx server/bench/end-to-end.ts [--runs 10] [--rate HZ] [--voice ID] [--models DIR] [--threads 1]`
 */
import { jsonCodec, msgpackCodec } from '../../protocol/index.ts';
import { type BenchClient, benchFlags, connect, machine, median, print, round, startServer } from './support.ts';

type Times = Record<'accepted' | 'firstRow' | 'firstPreview' | 'firstAudio' | 'done', number>;

const flags = benchFlags({ runs: { type: 'string', default: '10' }, rate: { type: 'string', default: '0' } });
const { models, voice, threads } = flags;
const rate = Number(flags.rate) === 0 ? {} : { rate: Number(flags.rate) };
const server = await startServer({ models, voice, threads });
const variants = { json: await connect(server.ws, jsonCodec), msgpack: await connect(server.ws, msgpackCodec) };
const raw: Record<keyof typeof variants, Times[]> = { json: [], msgpack: [] };

async function once(client: BenchClient, seed: number): Promise<Times> {
  const began = performance.now();
  const at = new Map<string, number>();
  const end = await client.ask('foley.generate', { class: 0, seed, previews: true, ...rate }, ({ event }) => {
    if (!at.has(event)) at.set(event, round(performance.now() - began));
  });
  if (end.event !== 'done') throw new Error(JSON.stringify(end.data));
  const time = (event: string): number => at.get(event) ?? Number.NaN;
  return {
    accepted: time('accepted'),
    firstRow: time('row'),
    firstPreview: time('preview'),
    firstAudio: time('audio'),
    done: time('done'),
  };
}

await once(variants.json, 0);
await once(variants.msgpack, 0);
for (let run = 0; run < Number(flags.runs); run++) {
  const order = run % 2 === 0 ? (['json', 'msgpack'] as const) : (['msgpack', 'json'] as const);
  for (const name of order) raw[name].push(await once(variants[name], run));
}
for (const client of Object.values(variants)) client.close();
await server.close();

const medians = (runs: Times[]): Times => {
  const of = (key: keyof Times): number => median(runs.map((run) => run[key]));
  return {
    accepted: of('accepted'),
    firstRow: of('firstRow'),
    firstPreview: of('firstPreview'),
    firstAudio: of('firstAudio'),
    done: of('done'),
  };
};
print({
  bench: 'end-to-end',
  ...machine(),
  voice,
  threads: Number(threads),
  runs: Number(flags.runs),
  mediansMs: { json: medians(raw.json), msgpack: medians(raw.msgpack) },
  rawMs: raw,
});
