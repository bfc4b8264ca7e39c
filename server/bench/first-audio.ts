/**
 * How soon a clip that nobody has made before is heard: from the request over WebSocket to its first `audio`, and to
 * `done`. Each class in turn, a new seed each time. `--keep on` asks for jobs that outlive a restart; `--other DIR` is
 * another checkout, whose server is measured in turns with this one.
 * `node --import tsx server/bench/first-audio.ts [--clips 21] [--guidance 0] [--keep on] [--other DIR] [--voice ID] [--models DIR] [--threads 1]`
 */
import { msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, connect, machine, median, print, round, startServer } from './support.ts';

const flags = benchFlags({
  clips: { type: 'string', default: '21' },
  guidance: { type: 'string', default: 'voice' },
  keep: { type: 'string', default: 'off' },
  other: { type: 'string', default: '' },
});
const { models, voice, threads } = flags;
const given = {
  ...(flags.guidance === 'voice' ? {} : { guidance: Number(flags.guidance) }),
  ...(flags.keep === 'on' ? { keep: true } : {}),
};

async function open(root?: string) {
  const server = await startServer({ models, voice, threads }, root);
  const client = await connect(server.ws, msgpackCodec);
  const { card } = (await client.ask('voice.info', {})).data as { card: { classes: unknown[] } };
  const measure = async (seed: number) => {
    const began = performance.now();
    let first = Number.NaN;
    let seconds = 0;
    const args = { class: seed % card.classes.length, seed, rows: false, ...given };
    const end = await client.ask('foley.generate', args, ({ event, data }) => {
      if (event !== 'audio') return;
      if (Number.isNaN(first)) {
        first = performance.now() - began;
        seconds = (data.pcm as Uint8Array).length / 4 / (data.rate as number);
      }
    });
    if (end.event !== 'done') throw new Error(JSON.stringify(end));
    return { firstAudioMs: round(first), firstSeconds: round(seconds), doneMs: round(performance.now() - began) };
  };
  // One that is not counted: all memory is warm after it.
  await measure(0);
  const close = async (): Promise<void> => {
    client.close();
    await server.close();
  };
  return { measure, close, raw: [] as Awaited<ReturnType<typeof measure>>[] };
}

const own = await open();
const other = flags.other === '' ? null : await open(flags.other);
const servers = other === null ? [own] : [other, own];
for (let seed = 1; seed <= Number(flags.clips); seed++)
  for (const one of seed % 2 === 0 ? servers : servers.toReversed()) one.raw.push(await one.measure(seed));
for (const { close } of servers) await close();
const of = (values: number[]) => ({ median: median(values), p95: percentile(values, 0.95) });
const figures = ({ raw }: typeof own) => ({
  firstAudioMs: of(raw.map(({ firstAudioMs }) => firstAudioMs)),
  doneMs: of(raw.map(({ doneMs }) => doneMs)),
  raw,
});
print({
  bench: 'first-audio',
  ...machine(),
  voice,
  threads: Number(threads),
  ...given,
  ...figures(own),
  ...(other === null ? {} : { other: figures(other) }),
});

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
