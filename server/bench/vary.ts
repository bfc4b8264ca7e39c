/**
 * How far variations lie from the clip they were made from, by their amount: difference of log-mels (nats) and share of
 * codes that differ; beside it another clip of the same class. Writes a chart.
 * `node --import tsx server/bench/vary.ts [--takes 3]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Answer, decodePcm } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { lineChart } from '../cli/charts/panel.ts';
import { COLOURS } from '../cli/charts/svg.ts';
import { resolveConfig } from '../config.ts';
import { logMel } from '../engine/dsp/mel.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ takes: { type: 'string', default: '3' } });
const AMOUNTS = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];
const takes = Number(flags.takes);

interface Made {
  mel: Float32Array;
  codes: number[];
  id: string;
}

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const { models, voice, threads } = flags;
const app = await createApp(resolveConfig({ data, models, voice, threads, listen: false, logLevel: 'silent' }));
await app.ready;
const client = app.connect();
type Card = { classes: { name: string }[]; audio: { rate: number }; mel: Omit<Parameters<typeof logMel>[1], 'rate'> };
const { card } = (await client.call('voice.info')) as unknown as { card: Card };

async function made(cmd: string, args: Record<string, unknown>): Promise<Made[]> {
  const sounds: Float32Array[] = [];
  const on = ({ event, data: given }: Answer): void => {
    if (event !== 'audio') return;
    const index = given.index as number;
    sounds[index] ??= new Float32Array(given.total as number);
    sounds[index].set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
  };
  const done = (await client.call(cmd, { ...args, save: true }, on)) as { clips: { clip: string; index: number }[] };
  const codes = done.clips.map(async ({ clip }) => {
    return ((await client.call('clip.get', { clip })) as { clip: { codes: number[] } }).clip.codes;
  });
  const all = await Promise.all(codes);
  const spec = { ...card.mel, rate: card.audio.rate };
  return done.clips.map(({ clip, index }, i) => ({
    id: clip,
    codes: all[i]!,
    mel: logMel(sounds[index]!, spec).bands,
  }));
}

const apart = (a: Made, b: Made): number =>
  a.mel.reduce((sum, x, i) => sum + Math.abs(x - b.mel[i]!), 0) / a.mel.length;
const changed = (a: Made, b: Made): number => a.codes.filter((code, i) => code !== b.codes[i]).length / a.codes.length;

const distances = new Map<number, { mel: number[]; codes: number[] }>(AMOUNTS.map((x) => [x, { mel: [], codes: [] }]));
const others: number[] = [];
for (const { name } of card.classes) {
  const [original, ...rest] = await made('foley.generate', { class: name, seed: 40, count: 3 });
  for (const other of rest) others.push(apart(original!, other));
  for (const amount of AMOUNTS) {
    const found = distances.get(amount)!;
    for (const varied of await made('foley.vary', { clip: original!.id, amount, seed: 900, count: takes })) {
      found.mel.push(apart(original!, varied));
      found.codes.push(changed(original!, varied));
    }
  }
}
client.close();
await app.close();
rmSync(data, { recursive: true });

const points = AMOUNTS.map((amount) => {
  const { mel, codes } = distances.get(amount)!;
  return { amount, melNats: summary(mel), codesChanged: summary(codes) };
});
const another = summary(others);
const file = fileURLToPath(new URL('./results/vary.svg', import.meta.url));
const drawn = lineChart(
  {
    title: 'Difference of log-mels (nats) between a clip and its variations, median',
    width: 480,
    height: 200,
    from: 0,
    to: 1,
    ticks: AMOUNTS.map((x) => ({ x, label: String(x) })),
    series: [{ colour: COLOURS[0], points: points.map(({ amount, melNats }) => ({ x: amount, y: melNats.median })) }],
    level: { y: another.median, label: `another clip of the class: ${another.median}` },
  },
  'amount',
);
writeFileSync(file, drawn);
print({ bench: 'vary', ...machine(), classes: card.classes.length, takes, points, another, chart: 'results/vary.svg' });
