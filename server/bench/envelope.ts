/**
 * How well a clip follows an envelope: the contours of real recordings are asked for, and what was made is compared with
 * them, beside the same seed without an envelope. Correlation of the contours, and F1 of onsets within 20 and 50 ms.
 * `--recordings`: a folder per class of WAV files that the voice did not learn from.
 * `node --import tsx server/bench/envelope.ts --recordings DIR [--each 10] [--candidates 1]`
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answer, decodePcm } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resample } from '../audio/resample.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { contourOf } from '../engine/dsp/loudness.ts';
import { heardLevels, onsetsOf } from '../engine/dsp/onsets.ts';
import { benchFlags, machine, print, round } from './support.ts';

const flags = benchFlags({
  recordings: { type: 'string', default: '' },
  each: { type: 'string', default: '10' },
  candidates: { type: 'string', default: '1' },
});
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const { models, voice, threads } = flags;
const app = await createApp(resolveConfig({ data, models, voice, threads, listen: false, logLevel: 'silent' }));
await app.ready;
const client = app.connect();
type Card = {
  classes: { name: string }[];
  audio: { rate: number; samples: number };
  mel: { nFft: number; hop: number };
};
const { card } = (await client.call('voice.info')) as unknown as { card: Card };
const frameSeconds = card.mel.hop / card.audio.rate;

async function recording(file: string): Promise<Float32Array> {
  const { pcm, rate } = decodeWav(readFileSync(file));
  const own = await resample(pcm, rate, card.audio.rate);
  const clip = new Float32Array(card.audio.samples);
  clip.set(own.subarray(0, clip.length));
  return clip;
}

async function made(args: Record<string, unknown>): Promise<Float32Array> {
  let pcm = new Float32Array(0);
  await client.call('foley.generate', { ...args, rows: false }, ({ event, data: given }: Answer) => {
    if (event !== 'audio') return;
    if (pcm.length === 0) pcm = new Float32Array(given.total as number);
    pcm.set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
  });
  return pcm;
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);

function correlation(a: Float32Array, b: Float32Array): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return aa * bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Events that are within `tolerance` of one asked for, each once. */
function hits(asked: readonly number[], found: readonly number[], tolerance: number): number {
  const left = [...found];
  return asked.filter((at) => {
    const nearest = left.findIndex((one) => Math.abs(one - at) <= tolerance);
    if (nearest >= 0) left.splice(nearest, 1);
    return nearest >= 0;
  }).length;
}

class Tally {
  readonly correlations: number[] = [];
  asked = 0;
  found = 0;
  readonly hits = { 20: 0, 50: 0 };

  add(asked: Float32Array, pcm: Float32Array): void {
    const own = contourOf(pcm, card.mel);
    this.correlations.push(correlation(heardLevels(asked), heardLevels(own)));
    const [a, f] = [onsetsOf(asked, frameSeconds), onsetsOf(own, frameSeconds)];
    this.asked += a.length;
    this.found += f.length;
    for (const ms of [20, 50] as const) this.hits[ms] += hits(a, f, ms / 1000 + 1e-6);
  }

  told() {
    const f1 = (ms: 20 | 50) => round((2 * this.hits[ms]) / Math.max(1, this.asked + this.found));
    const { asked, found } = this;
    return { correlation: round(mean(this.correlations)), f1At20: f1(20), f1At50: f1(50), asked, found };
  }
}

const results: Record<string, unknown> = {};
for (const { name } of card.classes) {
  const folder = path.join(flags.recordings, name);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.wav'))
    .sort()
    .slice(0, Number(flags.each));
  const [followed, free] = [new Tally(), new Tally()];
  for (const [seed, file] of files.entries()) {
    const levels = contourOf(await recording(path.join(folder, file)), card.mel);
    const args = { class: name, seed: 5000 + seed, candidates: Number(flags.candidates) };
    const envelope = { levels: Array.from(levels, (level) => Math.min(0, Math.max(-90, Math.round(level * 10) / 10))) };
    followed.add(levels, await made({ ...args, envelope }));
    free.add(levels, await made(args));
    process.stderr.write(`${name} ${seed + 1} of ${files.length}\r`);
  }
  results[name] = { recordings: files.length, envelope: followed.told(), without: free.told() };
}
await app.close();
rmSync(data, { recursive: true });
print({ bench: 'envelope', ...machine(), candidates: Number(flags.candidates), results });
