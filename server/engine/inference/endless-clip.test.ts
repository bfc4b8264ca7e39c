import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EndlessChange, EndlessRequest, EngineEvent } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { request, voiceDir } from '../fixtures.ts';
import { EndlessClip } from './endless-clip.ts';
import { generateClip } from './generate-clip.ts';
import { framesPerTime } from './mel-decoder.ts';
import { Voice } from './voice.ts';

let voice: Voice;
before(async () => {
  voice = await Voice.open(voiceDir('tiny-stacked'), { provider: 'cpu', threads: 1 });
});
after(() => voice.close());

type Sound = Extract<EngineEvent, { type: 'sound' }>;
const fast: EndlessRequest = { steps: 40, ahead: null, partSeconds: 0.6, level: 0, changes: [] };

interface Heard {
  pcm: Float32Array;
  sounds: Sound[];
  changes: (EndlessChange & { step: number })[];
}

async function listen(
  endless: Partial<EndlessRequest> = {},
  on: (sound: Sound, stream: EndlessClip) => void = () => undefined,
  change: Parameters<typeof request>[1] = {},
): Promise<Heard> {
  const heard: Heard = { pcm: new Float32Array(0), sounds: [], changes: [] };
  const stream = new EndlessClip(
    voice,
    request('tiny-stacked', change),
    { ...fast, ...endless },
    (event) => {
      if (event.type === 'changed') heard.changes.push({ step: event.step, ...event.change });
      if (event.type !== 'sound') return;
      heard.sounds.push(event);
      on(event, stream);
    },
    () => false,
  );
  await stream.run();
  const last = heard.sounds.at(-1)!;
  heard.pcm = new Float32Array(last.offset + last.pcm.length);
  for (const { offset, pcm } of heard.sounds) heard.pcm.set(pcm, offset);
  return heard;
}

test('a stream is longer than the grid, without a hole, and its seed makes it again', async () => {
  const one = await listen();
  const { sounds, pcm } = one;
  assert.equal(pcm.length, (40 / 6) * 6144);
  for (const [i, { step, offset }] of sounds.entries()) {
    const before = sounds[i - 1];
    assert.deepEqual([step, offset], before ? [before.step + before.steps, before.offset + before.pcm.length] : [0, 0]);
  }
  assert.ok(pcm.every((sample) => Math.abs(sample) <= 1));
  assert.deepEqual((await listen()).pcm, pcm);
  assert.notDeepEqual((await listen({}, undefined, { seed: 2 })).pcm, pcm);
  // It does not depend on where it ends.
  const short = await listen({ steps: 23 });
  assert.deepEqual(short.pcm, pcm.slice(0, short.pcm.length));
});

test('what changes while it plays is told with its step, and makes the same again from the beginning', async () => {
  const asked: EndlessChange[] = [
    { classWeights: [0, 1, 0] },
    { temperature: 0.3, level: -12 },
    { guidance: 2, avoid: [0, 0, 1] },
    { classWeights: [0.5, 0, 0.5], guidance: 0, level: 3 },
    { guidance: 1 },
  ];
  const known: number[] = [];
  const live = await listen({}, ({ step, steps }, stream) => {
    const change = asked[known.length];
    if (change === undefined || step < 4 * known.length) return;
    known.push(step + steps);
    stream.steer(change);
  });
  const plan = voice.endlessPlan();
  assert.equal(known.length, asked.length);
  assert.notDeepEqual(live.pcm, (await listen()).pcm);
  // Levels count from the next sound; all else at most a step after the rows that were drawn already.
  const levels = live.changes.filter(({ level }) => level !== undefined).map(({ step }) => step);
  assert.deepEqual(levels, [known[1], known[3]]);
  const drawn = live.changes.filter(({ level }) => level === undefined).map(({ step }) => step);
  assert.equal(drawn.length, 5);
  for (const [i, step] of drawn.entries()) {
    const most = known[i]! + 4 * plan.chunk + plan.behind + 2;
    assert.ok(step >= known[i]! && step <= most, `${step} for ${known[i]}`);
  }
  const again = await listen({ changes: live.changes.toSorted((a, b) => a.step - b.step) });
  assert.deepEqual(again.pcm, live.pcm);
  assert.equal(again.changes.length, live.changes.length);
});

test('the noise is as grainy as that of the class of its own row', async (t) => {
  const each = framesPerTime(voice.card);
  const grains = new Map<number, number>();
  const render = voice.render.bind(voice);
  t.mock.method(voice, 'grain', ([, second]: number[]) => second!);
  t.mock.method(voice, 'render', (order: Parameters<typeof render>[0]) => {
    grains.set((order.span!.from + order.span!.begin) / each, order.grain!);
    return render(order);
  });
  await listen({ changes: [{ step: 20, classWeights: [0, 1, 0] }] });
  assert.ok(grains.size > 5);
  for (const [row, grain] of grains) assert.equal(grain, row < 20 ? 0 : 1, `row ${row}`);
});

test('a level changes the loudness of the sound and nothing else', async () => {
  const [plain, soft] = [await listen(), await listen({ level: -6, changes: [{ step: 20, level: 0 }] })];
  const half = 10 ** (-6 / 20);
  const at = 20 * 1024;
  for (let i = 0; i < at; i++) assert.ok(Math.abs(soft.pcm[i]! - plain.pcm[i]! * half) < 1e-6);
  // After a ramp of ten milliseconds.
  assert.deepEqual(soft.pcm.slice(at + 221), plain.pcm.slice(at + 221));
});

test('clips are made as ever while a stream waits for its time', async () => {
  const alone = await generateClip(
    voice,
    request('tiny-stacked'),
    () => undefined,
    () => false,
  );
  const rows: number[] = [];
  const begun = performance.now();
  const live = listen({ steps: 30, ahead: 0.2 }, ({ step }) => void rows.push(step), { urgent: true, seed: 5 });
  for (let i = 0; i < 5; i++) {
    const beside = await generateClip(
      voice,
      request('tiny-stacked'),
      () => undefined,
      () => false,
    );
    assert.deepEqual(beside.codes, alone.codes);
    assert.deepEqual(beside.pcm, alone.pcm);
  }
  const played = (performance.now() - begun) / 1000;
  const { mel, audio } = voice.card;
  const step = (framesPerTime(voice.card) * mel.hop) / audio.rate;
  // A chunk is at most a grid long.
  assert.ok(rows.at(-1)! * step <= played + 0.2 + voice.axes.rows * step, 'it is kept to its time');
  assert.deepEqual((await live).pcm, (await listen({ steps: 30 }, undefined, { seed: 5 })).pcm);
});

test('a stream that waits is ended at once', async () => {
  let cancelled = false;
  const stream: EndlessClip = new EndlessClip(
    voice,
    request('tiny-stacked'),
    { ...fast, steps: null, ahead: 0.3 },
    (event) => {
      if (event.type !== 'sound' || event.step < 3) return;
      cancelled = true;
      setImmediate(() => stream.wake());
    },
    () => cancelled,
  );
  await assert.rejects(stream.run(), (error) => error instanceof EngineError && error.code === 'cancelled');
});

test('a voice whose rows are no steps of time cannot be streamed', async () => {
  const other = await Voice.open(voiceDir('tiny'), { provider: 'cpu', threads: 1 });
  const open = (): EndlessClip =>
    new EndlessClip(
      other,
      request('tiny'),
      fast,
      () => undefined,
      () => false,
    );
  assert.throws(open, /not steps of time/);
  await other.close();
});
