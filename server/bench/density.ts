/**
 * How many events a clip has of those that `density` asks for: onsets per second of what is made, by the onset finder of
 * `dsp/onsets.ts`, beside clips of the same seeds without a density.
 * `node --import tsx server/bench/density.ts [--clips 30] [--voice ID] [--models DIR]`
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

const flags = benchFlags({ clips: { type: 'string', default: '30' } });
const { models, voice, threads } = flags;
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const app = await createApp(resolveConfig({ data, models, voice, threads, listen: false, logLevel: 'silent' }));
await app.ready;
const client = app.connect();
const { card } = (await client.call('voice.info')) as unknown as {
  card: { audio: { rate: number; samples: number }; mel: { nFft: number; hop: number } };
};
const { rate, samples } = card.audio;

/** Onsets per second. */
async function made(args: Record<string, unknown>): Promise<number> {
  const pcm = new Float32Array(samples);
  await client.call('foley.generate', { ...args, rows: false }, ({ event, data: given }: Answer) => {
    if (event === 'audio') pcm.set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
  });
  return (onsetsOf(contourOf(pcm, card.mel), card.mel.hop / rate).length * rate) / samples;
}

const results: Record<string, unknown>[] = [];
for (const [name, densities] of Object.entries(ASKED))
  for (const asked of [null, ...densities]) {
    const raw: number[] = [];
    for (let seed = 0; seed < Number(flags.clips); seed++)
      raw.push(round(await made({ class: name, seed, ...(asked === null ? {} : { density: asked }) })));
    const mean = round(raw.reduce((sum, x) => sum + x, 0) / raw.length);
    results.push({ class: name, asked, mean, ...summary(raw) });
    process.stderr.write(`${name}: ${asked ?? 'nothing'} asked, ${mean} made\n`);
  }
await app.close();
rmSync(data, { recursive: true });
print({ bench: 'density', ...machine(), voice, clips: Number(flags.clips), results });
