/**
 * How many events a clip has of those that `density` asks for: onsets per second of what is made, by the onset finder of
 * `dsp/onsets.ts`, beside clips of the same seeds without a density; and of a stream of each.
 * `node --import tsx server/bench/density.ts [--clips 30] [--seconds 40] [--only clips|streams] [--voice ID] [--models DIR]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answer, decodePcm } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { contourOf } from '../engine/dsp/loudness.ts';
import { onsetsOf } from '../engine/dsp/onsets.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print, round } from './support.ts';

/** Events a second that recordings of the class have, few, some and many. */
const ASKED: Record<string, number[]> = {
  Footstep: [1, 2, 4],
  Keyboard: [2, 4, 6],
  DogBark: [0.5, 1, 2],
  GunShot: [0.5, 1, 2],
};

const flags = benchFlags({
  clips: { type: 'string', default: '30' },
  seconds: { type: 'string', default: '40' },
  only: { type: 'string', default: '' },
});
const seconds = Number(flags.seconds);
const { models, voice, threads } = flags;
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const app = await createApp(resolveConfig({ data, models, voice, threads, listen: false, logLevel: 'silent' }));
await app.ready;
const client = app.connect();
const { card } = (await client.call('voice.info')) as unknown as {
  card: { audio: { rate: number; samples: number }; mel: { nFft: number; hop: number } };
};
const { rate, samples } = card.audio;

/** Onsets per second, counted over as long as a clip is. */
async function made(cmd: 'foley.generate' | 'stream.start', args: Record<string, unknown>, length: number) {
  const pcm = new Float32Array(length + rate);
  await client.call(cmd, args, ({ event, data: given }: Answer) => {
    if (event === 'audio') pcm.set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
  });
  let onsets = 0;
  for (let at = 0; at < length; at += samples)
    onsets += onsetsOf(
      contourOf(pcm.subarray(at, Math.min(at + samples, length)), card.mel),
      card.mel.hop / rate,
    ).length;
  return round((onsets * rate) / length);
}

const clipsOf = async (name: string, asked: object): Promise<Record<string, unknown>> => {
  const raw: number[] = [];
  for (let seed = 0; seed < Number(flags.clips); seed++)
    raw.push(await made('foley.generate', { class: name, seed, rows: false, ...asked }, samples));
  return { mean: round(raw.reduce((sum, x) => sum + x, 0) / raw.length), ...summary(raw) };
};

const results: Record<string, unknown>[] = [];
for (const [name, densities] of Object.entries(ASKED))
  for (const asked of [null, ...densities]) {
    const density = asked === null ? {} : { density: asked };
    const clips = flags.only === 'streams' ? {} : await clipsOf(name, density);
    const args = { class: name, seed: 1, seconds, live: false, ...density };
    const stream = flags.only === 'clips' ? {} : { stream: await made('stream.start', args, seconds * rate) };
    results.push({ class: name, asked, ...clips, ...stream });
    process.stderr.write(`${JSON.stringify(results.at(-1), (key, value) => (key === 'raw' ? undefined : value))}\n`);
  }
await app.close();
rmSync(data, { recursive: true });
print({ bench: 'density', ...machine(), voice, clips: Number(flags.clips), seconds, results });
