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
import { resolveConfig } from '../config.ts';
import { logMel } from '../engine/mel.ts';
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
writeFileSync(
  file,
  curve(
    points.map(({ amount, melNats }) => [amount, melNats.median]),
    another.median,
  ),
);
print({ bench: 'vary', ...machine(), classes: card.classes.length, takes, points, another, chart: 'results/vary.svg' });

/** A curve over the amount, and a line for another clip of the class. */
function curve(points: [number, number][], other: number): string {
  const most = Math.max(other, ...points.map(([, y]) => y)) * 1.1;
  const x = (amount: number): string => (60 + amount * 400).toFixed(1);
  const y = (value: number): string => (230 - (value / most) * 200).toFixed(1);
  const line = points.map(([amount, value]) => `${x(amount)},${y(value)}`).join(' ');
  const dots = points
    .map(
      ([amount, value]) =>
        `<circle cx="${x(amount)}" cy="${y(value)}" r="3"/><text x="${x(amount)}" y="248" text-anchor="middle">${amount}</text>`,
    )
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="276" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>` +
    `<text x="8" y="16" font-weight="bold">Difference of log-mels (nats) between a clip and its variations, median</text>` +
    `<line x1="60" x2="460" y1="${y(other)}" y2="${y(other)}" stroke="#b55" stroke-dasharray="4"/><text x="64" y="${Number(y(other)) - 4}">another clip of the class: ${other}</text>` +
    `<line x1="60" x2="460" y1="230" y2="230" stroke="#999"/><polyline points="${line}" fill="none" stroke="#3b6ea5"/>${dots}` +
    `<text x="260" y="268" text-anchor="middle">amount</text><text x="56" y="${Number(y(points.at(-1)![1])) + 4}" text-anchor="end">${points.at(-1)![1]}</text></svg>\n`
  );
}
