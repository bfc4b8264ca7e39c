/** A clip that is heard while it is sampled is the very clip that is rendered when it is whole. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { VoiceCard } from '../../cards/voice-card.ts';
import type { EngineEvent, EngineRequest } from '../engine.ts';
import { card as cardOf, requestOf, voiceDir } from '../fixtures.ts';
import { type Feeds, floats } from '../onnx/runtime.ts';
import { parseCard, readCardText } from './card.ts';
import { GridAxes } from './code-grid.ts';
import { endlessPlanOf } from './endless-plan.ts';
import { generateClip } from './generate-clip.ts';
import { livePartsOf } from './live-parts.ts';
import { MelDecoder } from './mel-decoder.ts';
import type { Followed } from './prior.ts';
import { Renderer } from './renderer.ts';
import type { SampleOptions } from './sampled-clip.ts';
import { measureReach, type Reach, segmentsOf } from './segments.ts';
import { Voice } from './voice.ts';

const place = { provider: 'cpu', threads: 1 };
const dir = fileURLToPath(new URL('../../../models/default', import.meta.url));
const own = parseCard(await readCardText(dir));
/** The default voice's decoder and vocoder below a prior whose rows are steps of time, whatever its own are. */
const card: VoiceCard = {
  ...own,
  grid: {
    rows: own.latent.time,
    cols: own.latent.frequency,
    rowAxes: ['time'],
    colAxes: ['frequency'],
    depthAxes: ['codebook'],
  },
};
const axes = new GridAxes(card);
const renderer = Renderer.open({ voiceDir: dir, card, place }, axes);
after(async () => (await renderer).close());
const codes = Uint16Array.from(
  { length: axes.rows * axes.perRow },
  (_, i) => (Math.imul(i, 7919) >>> 3) % card.latent.codes,
);

function request(change: Partial<EngineRequest> = {}): EngineRequest {
  const classWeights = card.classes.map((_, index) => (index === 0 ? 1 : 0));
  return requestOf(dir, classWeights, { seed: 3, rate: card.audio.rate, ...change });
}

/** A voice whose sampler gives the rows of `codes`, waiting after each for what `onRow` returns. */
async function voiceThat(afterRow: (row: number) => Promise<void>): Promise<Voice> {
  const sample = async ({ onRow }: SampleOptions): Promise<Uint16Array> => {
    for (let row = 0; row < axes.rows; row++) {
      await onRow(row, codes.slice(row * axes.perRow, (row + 1) * axes.perRow));
      await afterRow(row);
    }
    return codes;
  };
  const { segments } = await renderer;
  const render: Voice['render'] = async (order, onAudioChunk) =>
    (await renderer).render({ rate: card.audio.rate, ...order }, onAudioChunk);
  const drawFollowed = async (): Promise<Followed> => ({});
  return { card, axes, sampler: { sample }, segments, render, drawFollowed, grain: () => 0 } as unknown as Voice;
}

/** The clip of `codes`, rendered when all of them are known, and where its parts began. */
const told: number[] = [];
const rendered = renderer.then((opened) =>
  opened.render({ codes, seed: 3, rate: card.audio.rate }, (offset) => told.push(offset)),
);

test('segments are the whole clip within 1e-5', async () => {
  const whole = await Renderer.open({ voiceDir: dir, card, place }, axes, []);
  const known = await whole.render({ codes, seed: 3, rate: card.audio.rate });
  await whole.close();
  const { pcm } = await rendered;
  assert.deepEqual(
    told,
    (await renderer).segments.map(({ begin }) => begin * card.mel.hop),
  );
  assert.ok(told.length > 2, 'it is cut');
  assert.equal(pcm.length, known.pcm.length);
  let worst = 0;
  for (const [i, value] of pcm.entries()) worst = Math.max(worst, Math.abs(value - known.pcm[i]!));
  assert.ok(worst <= 1e-5, `off by ${worst}`);
});

test('the first sound of a clip leaves before its later rows are sampled, and has the same bits', async () => {
  const { segments } = await renderer;
  const parts: Float32Array[] = [];
  let heard: (() => void) | null = null;
  const on = (event: EngineEvent): void => {
    if (event.type !== 'audio') return;
    assert.equal(event.offset, segments[parts.length]!.begin * card.mel.hop);
    parts.push(event.pcm);
    heard?.();
  };
  // After the rows that a segment needs, no further row is given before the segment was heard.
  const voice = await voiceThat(async (row) => {
    const due = segments.filter(({ times }) => times <= row + 1).length;
    while (parts.length < due) await new Promise<void>((resolve) => (heard = resolve));
  });
  const streamed = await generateClip(voice, request({ stream: true }), on, () => false);
  assert.equal(parts.length, segments.length);
  assert.ok(segments[0]!.times < axes.rows / 2, 'the first needs less than half of the rows');
  const joined = new Float32Array(streamed.pcm.length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  assert.equal(at, card.audio.samples);
  assert.deepEqual(joined, streamed.pcm);
  assert.deepEqual((await rendered).pcm, streamed.pcm, 'one that is rendered when it is whole has the same bits');
});

test('a live clip comes in small parts, is the clip within 1e-5, and no part waits for the last row but those at its end', async () => {
  const drawn = { row: -1 };
  const parts: { offset: number; samples: number; row: number }[] = [];
  const on = (event: EngineEvent): void => {
    if (event.type === 'audio') parts.push({ offset: event.offset, samples: event.pcm.length, row: drawn.row });
  };
  // After the rows that a part needs, no further row is given before it was heard.
  const plan = endlessPlanOf({ axes, card, reach: (await renderer).reach });
  const due = livePartsOf(plan, axes.rows);
  const voice = await voiceThat(async (row) => {
    drawn.row = row;
    while (parts.length < due.filter(({ known }) => known <= row + 1).length)
      await new Promise((resolve) => setImmediate(resolve));
  });
  Object.assign(voice, { endlessPlan: () => plan });
  const live = await generateClip(voice, request({ stream: true, live: true }), on, () => false);
  const { pcm } = await rendered;
  assert.equal(live.pcm.length, pcm.length);
  const worst = live.pcm.reduce((most, value, i) => Math.max(most, Math.abs(value - pcm[i]!)), 0);
  assert.ok(worst <= 1e-5, `off by ${worst}`);
  assert.deepEqual(
    parts.map(({ offset }) => offset),
    due.map(({ begin }) => begin * plan.each * card.mel.hop),
  );
  assert.equal(parts[0]!.row, plan.behind);
  assert.ok(parts.slice(0, -1).every(({ samples }) => samples <= plan.chunk * plan.each * card.mel.hop));
});

test('the first segment waits for the codes that are heard in it, not for all that the graphs reach', async () => {
  const { segments, reach } = await renderer;
  const { decoder, excitation, vocoder, behind } = reach!;
  const each = card.mel.frames / card.latent.time;
  assert.equal(segments[0]!.times, 1 + behind);
  assert.ok(behind * each < decoder + excitation + vocoder, `${behind} places in time`);
});

test('a segment that cannot be rendered fails its clip and nothing else', async () => {
  const voice = await voiceThat(async () => undefined);
  const broken = { ...voice, render: () => Promise.reject(new Error('no memory')) } as unknown as Voice;
  await assert.rejects(
    generateClip(
      broken,
      request({ stream: true }),
      () => undefined,
      () => false,
    ),
    /no memory/,
  );
});

test('a decoder that sees its whole clip is not streamed, nor are rows that do not go along time', async () => {
  const voice = await Voice.open(voiceDir('tiny-stacked'), place);
  assert.deepEqual(voice.segments, []);
  await voice.close();
  const other = await Voice.open(voiceDir('tiny'), place);
  assert.deepEqual(other.segments, []);
  await other.close();
  const tiny = cardOf('tiny');
  const reach: Reach = { decoder: 1, excitation: 0, vocoder: 1, behind: 1 };
  assert.deepEqual(segmentsOf(tiny, new GridAxes(tiny), reach, 126), []);
});

test('the reach of a decoder is measured to the frame', async () => {
  const each = card.mel.frames / card.latent.time;
  // Each frame is the mean of the codes of 5 frames to both sides.
  const mel = (latent: BigInt64Array): Float32Array => {
    const out = new Float32Array(card.mel.bins * card.mel.frames);
    for (let frame = 0; frame < out.length; frame++)
      for (let i = -5; i <= 5; i++) {
        const at = Math.max(0, Math.min(card.mel.frames - 1, (frame % card.mel.frames) + i));
        out[frame]! += Number(latent[Math.floor(at / each)]!);
      }
    return out;
  };
  const graph = {
    isFree: () => false,
    run: async ({ codes: given }: Feeds) => ({
      mel: floats(mel(given!.data as BigInt64Array), [1, card.mel.bins, card.mel.frames]),
    }),
  };
  const reach = await measureReach(card, axes, { decoder: new MelDecoder(card, axes, graph), excitation: null });
  assert.deepEqual(reach, { decoder: 5, excitation: 0, vocoder: card.vocoder.reach });
});
