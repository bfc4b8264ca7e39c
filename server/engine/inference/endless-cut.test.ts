/** Changes for which rows are taken back and drawn again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { EndlessChange, EndlessRequest, EngineEvent } from '../engine.ts';
import { request, voiceDir } from '../fixtures.ts';
import { EndlessClip } from './endless-clip.ts';
import { Voice } from './voice.ts';

let voice: Voice;
before(async () => {
  voice = await Voice.open(voiceDir('tiny-stacked'), { provider: 'cpu', threads: 1 });
});
after(() => voice.close());

const STEP = 1024;
const fast: EndlessRequest = { steps: 40, ahead: null, partSeconds: 0.6, level: 0, changes: [] };
const redrawn = (step: number, change: EndlessChange) => ({ step, redrawn: true, ...change });

interface Heard {
  pcm: Float32Array;
  /** First and last steps of each sound. */
  sounds: [number, number][];
  changes: (EndlessChange & { step: number })[];
}

async function listen(
  endless: Partial<EndlessRequest>,
  on: (stream: EndlessClip) => void = () => undefined,
): Promise<Heard> {
  const heard: Heard = { pcm: new Float32Array(4000 * STEP), sounds: [], changes: [] };
  let told = 0;
  const stream: EndlessClip = new EndlessClip(
    voice,
    request('tiny-stacked'),
    { ...fast, ...endless },
    (event: EngineEvent) => {
      if (event.type === 'changed') heard.changes.push({ step: event.step, ...event.change });
      if (event.type !== 'sound') return;
      heard.pcm.set(event.pcm, event.offset);
      told = event.step + event.steps;
      heard.sounds.push([event.step, told]);
      on(stream);
    },
    () => false,
  );
  await stream.run();
  heard.pcm = heard.pcm.slice(0, told * STEP);
  return heard;
}

test('rows that are drawn again leave what came before them as it was, and every part follows the one before', async () => {
  const plain = await listen({});
  for (const step of [1, 2, 3, 4, 7, 20, 39]) {
    const cut = await listen({ changes: [redrawn(step, { classWeights: [0, 1, 0] })] });
    assert.equal(cut.pcm.length, plain.pcm.length);
    assert.deepEqual(cut.changes, [redrawn(step, { classWeights: [0, 1, 0] })]);
    for (const [i, [begin]] of cut.sounds.entries()) assert.equal(begin, cut.sounds[i - 1]?.[1] ?? 0);
    // To the sample.
    assert.deepEqual(cut.pcm.slice(0, step * STEP), plain.pcm.slice(0, step * STEP));
    assert.notDeepEqual(cut.pcm.slice(step * STEP), plain.pcm.slice(step * STEP));
    assert.deepEqual((await listen({ changes: cut.changes })).pcm, cut.pcm);
  }
});

test('the sound fades over: it begins as the old one and is the new one after three frames', async () => {
  const [plain, cut] = [await listen({}), await listen({ changes: [redrawn(20, { classWeights: [0, 1, 0] })] })];
  const at = 20 * STEP;
  const far = (from: number): number =>
    cut.pcm.slice(from, from + 64).reduce((sum, x, i) => sum + Math.abs(x - plain.pcm[from + i]!), 0);
  assert.ok(far(at) < 0.25 * far(at + 3 * 256), `${far(at)} and ${far(at + 3 * 256)}`);
});

test('a cut within its row leaves the row as it was up to there, and fades over from what was rendered', async () => {
  const plain = await listen({});
  const change = { classWeights: [0, 1, 0] };
  for (const step of [1, 2, 3, 4, 7, 20, 36]) {
    const cut = await listen({ changes: [redrawn(step, { ...change, frame: 1 })] });
    assert.equal(cut.pcm.length, plain.pcm.length);
    assert.deepEqual(cut.changes, [redrawn(step, { ...change, frame: 1 })]);
    for (const [i, [begin]] of cut.sounds.entries()) assert.equal(begin, cut.sounds[i - 1]?.[1] ?? 0);
    const at = step * STEP + 256;
    assert.deepEqual(cut.pcm.slice(0, at), plain.pcm.slice(0, at));
    // The same rows are drawn, wherever they are heard from.
    const whole = await listen({ changes: [redrawn(step, change)] });
    const [one, other] = [cut, whole].map(({ pcm }) => pcm.slice((step + 1) * STEP));
    const worst = one!.reduce((most, x, i) => Math.max(most, Math.abs(x - other![i]!)), 0);
    assert.ok(worst <= 1e-5, `step ${step} is off by ${worst}`);
    assert.notDeepEqual(cut.pcm.slice(at, (step + 1) * STEP), plain.pcm.slice(at, (step + 1) * STEP));
  }
});

test('what is drawn again at the beginning, or behind the end, is no cut', async () => {
  const change = { temperature: 0.3 };
  const first = await listen({ changes: [{ step: 0, ...change }] });
  assert.deepEqual((await listen({ changes: [redrawn(0, change)] })).pcm, first.pcm);
  assert.deepEqual((await listen({ changes: [redrawn(40, change)] })).pcm, (await listen({})).pcm);
});

test('one cut follows another at the next row, and changes without a cut come between', async () => {
  const changes = [
    redrawn(5, { classWeights: [0, 1, 0] }),
    redrawn(5, { temperature: 0.8 }),
    redrawn(6, { guidance: 2 }),
    { step: 9, temperature: 0.5 },
    redrawn(13, { classWeights: [0, 0, 1], avoid: [1, 0, 0] }),
    { step: 13, level: -6 },
  ];
  const heard = await listen({ changes });
  // A cut is told with its sound, which comes after rows that are drawn.
  const drawn = heard.changes.filter(({ level }) => level === undefined).toSorted((a, b) => a.step - b.step);
  assert.deepEqual(
    drawn,
    changes.filter(({ level }) => level === undefined),
  );
  for (const [i, [begin]] of heard.sounds.entries()) assert.equal(begin, heard.sounds[i - 1]?.[1] ?? 0);
  assert.deepEqual((await listen({ changes })).pcm, heard.pcm);
});

test('a density changes what is drawn from its step on, and is repeated', async () => {
  const plain = await listen({});
  assert.deepEqual((await listen({ density: null })).pcm, plain.pcm);
  const dense = await listen({ density: 12 });
  assert.notDeepEqual(dense.pcm, plain.pcm);
  assert.deepEqual((await listen({ density: 12 })).pcm, dense.pcm);
  for (const change of [
    { step: 8, density: 12 },
    { step: 8, density: 12, redrawn: true },
    { step: 8, density: 12, redrawn: true, frame: 1 },
  ]) {
    const changed = await listen({ changes: [change] });
    // The rows before it are rendered with those behind them.
    const until = change.redrawn === true ? 8 * STEP : 4 * STEP;
    assert.deepEqual(changed.pcm.slice(0, until), plain.pcm.slice(0, until));
    assert.notDeepEqual(changed.pcm.slice(9 * STEP), plain.pcm.slice(9 * STEP));
    const back = await listen({ changes: [change, { step: 20, density: null }, { step: 24, density: 3 }] });
    assert.deepEqual(back.pcm.slice(0, 15 * STEP), changed.pcm.slice(0, 15 * STEP));
    assert.deepEqual((await listen({ changes: back.changes })).pcm, back.pcm);
  }
});

for (const revise of [true, false])
  test(`a stream in real time that is changed ${revise ? 'and told again ' : ''}is made again from its changes`, async () => {
    const asked: EndlessChange[] = [
      { classWeights: [0, 1, 0] },
      { temperature: 0.3, level: -12, density: 9 },
      { guidance: 2, avoid: [0, 0, 1] },
      { level: 3 },
      { classWeights: [0.5, 0, 0.5], guidance: 0, density: 2 },
    ];
    let playing: EndlessClip | null = null;
    const changing = async (): Promise<void> => {
      for (const change of asked) {
        await wait(250);
        playing!.steer(change);
      }
    };
    let changed: Promise<void> | null = null;
    const heard = await listen({ ahead: 2, revise, steps: 90 }, (stream) => {
      playing = stream;
      changed ??= changing();
    });
    await changed;
    const cuts = heard.changes.filter((change) => change.redrawn === true);
    assert.ok(cuts.length > 0);
    const back = heard.sounds.filter(([begin], i) => begin < (heard.sounds[i - 1]?.[1] ?? 0)).length;
    if (revise) assert.ok(back > 0);
    else assert.equal(back, 0);
    const changes = heard.changes.toSorted((a, b) => a.step - b.step);
    assert.deepEqual((await listen({ changes, steps: 90 })).pcm, heard.pcm);
  });
