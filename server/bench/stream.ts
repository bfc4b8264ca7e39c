/**
 * Streams without end: how fast they are made, how many rows a change is heard after, whether the sound equals that of
 * one clip as far as both have the same codes, whether recipe and seed make it again, and whether one hears where a
 * window begins: the change of the log-mel there as its rank among all places (0.5: like any other, 1: the largest).
 * `node --import tsx server/bench/stream.ts [--seconds 40] [--class Rain]`
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { logMel } from '../engine/dsp/mel.ts';
import type { EndlessChange, EndlessRequest, EngineEvent } from '../engine/engine.ts';
import { parseCard } from '../engine/inference/card.ts';
import { EndlessClip } from '../engine/inference/endless-clip.ts';
import { rowsOfStreamPart } from '../engine/inference/endless-plan.ts';
import { Voice } from '../engine/inference/voice.ts';
import { summary } from './summary.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ seconds: { type: 'string', default: '40' }, class: { type: 'string', default: 'Rain' } });
const voiceDir = path.join(flags.models, flags.voice);
const card = parseCard(readFileSync(path.join(voiceDir, 'card.json'), 'utf8'));
const { rate } = card.audio;
const { hop, frames } = card.mel;
const voice = await Voice.open(voiceDir, { provider: 'cpu', threads: Number(flags.threads) });
const plan = voice.endlessPlan(0.6);
const spec = { ...card.mel, rate };
const rowSeconds = (plan.each * hop) / rate;
const steps = Math.ceil(Number(flags.seconds) / rowSeconds);
const only = (wanted: string): number[] => card.classes.map(({ name }) => (name === wanted ? 1 : 0));
const sampling = { seed: 11, temperature: 1, topK: 0, topP: 1, rate, previews: false };

type Sound = Extract<EngineEvent, { type: 'sound' }>;
type Change = EndlessChange & { step: number };

async function listen(
  endless: Partial<EndlessRequest>,
  onSound: (sound: Sound, stream: EndlessClip) => void = () => undefined,
): Promise<{ pcm: Float32Array; changes: Change[]; ms: number; firstMs: number }> {
  const parts: Sound[] = [];
  const changes: Change[] = [];
  const begun = performance.now();
  let firstMs = 0;
  const order = { steps, ahead: null, partSeconds: 0.6, level: 0, changes: [], ...endless };
  const request = { voiceDir, classWeights: only(flags.class), ...sampling };
  const on = (event: EngineEvent): void => {
    if (event.type === 'changed') changes.push({ step: event.step, ...event.change });
    if (event.type !== 'sound') return;
    if (parts.length === 0) firstMs = performance.now() - begun;
    parts.push(event);
    onSound(event, stream);
  };
  const stream: EndlessClip = new EndlessClip(voice, request, order, on, () => false);
  await stream.run();
  const pcm = new Float32Array(parts.reduce((sum, part) => sum + part.pcm.length, 0));
  for (const part of parts) pcm.set(part.pcm, part.offset);
  return { pcm, changes, ms: performance.now() - begun, firstMs };
}

/** Ranks of the change between the frames at some rows. */
function ranks(pcm: Float32Array, rows: readonly number[]): number[] {
  const { bands, frames: count } = logMel(pcm, spec);
  const bins = bands.length / count;
  const flux = Array.from({ length: count - 1 }, (_, frame) => {
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) sum += Math.abs(bands[bin * count + frame + 1]! - bands[bin * count + frame]!);
    return sum / bins;
  });
  const around = flux.map((_, frame) => Math.max(...flux.slice(Math.max(0, frame - 1), frame + 2)));
  return rows.map((row) => {
    const here = around[row * plan.each]!;
    return around.filter((other) => other < here).length / around.length;
  });
}

const plain = await listen({});
// The first grid of a stream is that of a clip of its seed which follows no contour.
const codes = await voice.sampler.sample({ ...sampling, classWeights: only(flags.class), onRow: () => undefined });
const { pcm: clip } = await voice.render({ codes, seed: sampling.seed, grain: voice.grain(only(flags.class)) });
const same = (card.latent.time - plan.behind - Math.ceil(plan.around / plan.each)) * plan.each * hop;
let furthest = 0;
for (let i = 0; i < Math.min(same, frames * hop); i++)
  furthest = Math.max(furthest, Math.abs(clip[i]! - plain.pcm[i]!));

const own = card.grid.rows - plan.prefix;
const windows: number[] = [];
for (let row = card.grid.rows; row < steps; row += own) windows.push(row);
const chunks: number[] = [];
for (let row = plan.first, part = 1; row < steps; row += rowsOfStreamPart(part++, plan)) chunks.push(row);

// Changes while it plays, as its sound comes.
let [told, sent] = [0, 0];
const after: number[] = [];
const asked = [{ classWeights: only('Keyboard') }, { temperature: 0.8 }, { guidance: 1 }, { level: -6 }];
const steered = await listen({ steps: Math.min(steps, 150) }, ({ step, steps: many }, stream) => {
  sent = step + many;
  if (sent < 20 * (told + 1) || told >= asked.length) return;
  after.push(sent);
  stream.steer(asked[told++]!);
});
const again = await listen({
  steps: Math.min(steps, 150),
  changes: steered.changes.toSorted((a, b) => a.step - b.step),
});
await voice.close();

const seconds = plain.pcm.length / rate;
print({
  bench: 'stream',
  ...machine(),
  class: flags.class,
  plan,
  rowMs: rowSeconds * 1000,
  seconds,
  realTimeFactor: plain.ms / 1000 / seconds,
  firstSoundMs: plain.firstMs,
  largestDifferenceFromClip: furthest,
  windowRank: summary(ranks(plain.pcm, windows)),
  chunkRank: summary(ranks(plain.pcm, chunks)),
  rowsFromSentToChanged: steered.changes.map(({ step }, i) => step - (after[i] ?? 0)),
  madeAgain: again.pcm.every((sample, i) => sample === steered.pcm[i]),
});
