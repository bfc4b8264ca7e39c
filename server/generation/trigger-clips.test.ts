import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POOL_CANDIDATES, parseArgs, type TriggerMap } from '../../protocol/index.ts';
import type { JobOrder, Scheduler } from '../dispatch/scheduler.ts';
import type { EngineResult } from '../engine/engine.ts';
import type { GeneratedClip } from '../triggers/generator.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import { createClipGenerator } from './trigger-clips.ts';

const map = parseArgs('trigger.map', { id: 'pad', class: { Rain: 3, DogBark: 1 } }) as TriggerMap;

function setup(took: () => number = () => 0, trained = false) {
  let now = 0;
  const orders: JobOrder[] = [];
  const ranked: unknown[] = [];
  const classes = [
    { id: 0, name: 'DogBark' },
    { id: 1, name: 'Rain' },
  ];
  const own: Voice['modelFor'] = (wish) => ({ guidance: 0.5, guideFollowed: false, ...wish, voiceDir: 'there' });
  const voice = { id: 'v', dir: 'there', classes, classCount: 2, modelFor: own } as unknown as Voice;
  const submit: Scheduler['submit'] = (order) => {
    orders.push(order);
    const run = async (): Promise<void> => {
      now += took();
      for (const [i, { rate }] of order.clips.entries())
        await order.onClip(i, { pcm: Float32Array.of(i), rate } as unknown as EngineResult);
    };
    return { id: 'j', position: 0, done: run() };
  };
  const generator = createClipGenerator({
    scheduler: { submit } as Scheduler,
    ranker: {
      isTrained: async () => trained,
      score: async (_, weights, pcm) => {
        ranked.push(weights);
        return {
          score: -Math.abs(pcm[0]! - 1),
          posterior: 0,
          real: null,
          rejected: null,
          mean: Float32Array.of(pcm[0]!, 1),
        };
      },
    },
    catalog: { find: async () => voice } as unknown as Catalog,
    rate: async () => 48_000,
    now: () => now,
  });
  const { signal } = new AbortController();
  return { generator, orders, ranked, signal, voice, pass: (ms: number) => (now += ms) };
}

test('what pools want nobody waits for; a clip for a hit is waited for; both are the map’s mix at the output’s rate', async () => {
  const { generator, orders, signal } = setup();
  const taken: { temperature: number; seed: number; guidance: number }[] = [];
  await generator.generate(map, [0.5, 1], (clip) => taken.push(clip), signal, false);
  const own = await generator.now(map, 0.75, signal);
  assert.deepEqual(
    orders.map(({ patient }) => patient),
    [true, false],
  );
  const asked = orders.flatMap(({ clips }) => clips);
  assert.deepEqual(
    [...taken, own].map(({ temperature, seed }) => [temperature, seed]),
    asked.map(({ temperature, seed }) => [temperature, seed]),
  );
  assert.deepEqual(
    asked.map(({ temperature }) => temperature),
    [0.5, 1, 0.75],
  );
  for (const { classWeights, rate } of asked) assert.deepEqual([classWeights, rate], [[0.25, 0.75], 48_000]);
  await assert.rejects(generator.check({ ...map, class: 'Unicorn' }), { code: 'unknown_class' });
  assert.deepEqual([own.guidance, asked.map(({ guidance }) => guidance)], [0.5, [0.5, 0.5, 0.5]]);
  await generator.now({ ...map, guidance: 2, avoid: 'DogBark' }, 1, signal);
  assert.deepEqual([asked.length, orders.at(-1)!.clips.map((clip) => [clip.guidance, clip.avoid])], [3, [[2, [1, 0]]]]);
});

test('a map’s density is that of its clips, each by its own seed, and is told of them', async () => {
  const { generator, orders, signal, voice } = setup();
  Object.assign(voice, { models: [], card: { graphs: { contour: 'contour.onnx' } } });
  const taken: GeneratedClip[] = [];
  await generator.generate({ ...map, density: 3 }, [1, 1], (clip) => taken.push(clip), signal, false);
  taken.push(await generator.now({ ...map, density: 0 }, 1, signal));
  const asked = orders.flatMap(({ clips }) => clips);
  const [one, two, off] = asked.map(({ seed }) => seed);
  assert.notEqual(one, two);
  assert.deepEqual(
    asked.map(({ density }) => density),
    [{ perSecond: 3, seed: one, frame: 0 }, { perSecond: 3, seed: two, frame: 0 }, undefined],
  );
  assert.deepEqual(
    taken.map(({ seed, density }) => [seed, density]),
    [
      [one, 3],
      [two, 3],
      [off, undefined],
    ],
  );
  Object.assign(voice, { card: { graphs: {} } });
  await assert.rejects(generator.check({ ...map, density: 3 }), { code: 'bad_args', path: 'args.density' });
});

test('a slow clip is expected again at once and forgotten in time, so that hits get clips of their own again', async () => {
  let took = 60_000;
  const { generator, signal, pass } = setup(() => took);
  const first = generator.expectedMs();
  await generator.now(map, 1, signal);
  assert.equal(generator.expectedMs(), 60_000);
  pass(20_000);
  assert.equal(generator.expectedMs(), (60_000 + first) / 2);
  pass(600_000);
  assert.ok(generator.expectedMs() < first + 1);
  took = 100;
  for (let i = 0; i < 40; i++) await generator.now(map, 1, signal);
  assert.ok(generator.expectedMs() < 110);
  pass(600_000);
  assert.ok(generator.expectedMs() < 110, 'fast is not forgotten');
});

test('a pool has the best of several candidates, by the mix it wants; a hit that waits has the only one', async () => {
  const { generator, orders, ranked, signal } = setup();
  const taken: GeneratedClip[] = [];
  await generator.generate({ ...map, candidates: 3 }, [1, 0.5], (clip) => taken.push(clip), signal, false);
  assert.deepEqual(
    orders[0]!.clips.map(({ temperature }) => temperature),
    [1, 1, 1, 0.5, 0.5, 0.5],
  );
  // The sound of each is its number in the job: number 1 has the highest score of the first three, 3 of the others.
  assert.deepEqual(
    taken.map(({ pcm, temperature }) => [pcm[0], temperature]),
    [
      [1, 1],
      [3, 0.5],
    ],
  );
  assert.equal(taken[0]!.seed, orders[0]!.clips[1]!.seed);
  assert.equal(ranked.length, 6);
  assert.deepEqual(Object.keys(ranked[0] as object).sort(), ['DogBark', 'Rain']);
  await generator.now({ ...map, candidates: 3 }, 1, signal);
  assert.equal(orders[1]!.clips.length, 1);
  assert.equal(ranked.length, 6);
});

test('a map that names no number has candidates while its pool is well filled and the embedder knows real clips', async () => {
  const made = async (trained: boolean, hurried: boolean, candidates?: number): Promise<number> => {
    const { generator, orders, signal } = setup(undefined, trained);
    await generator.generate({ ...map, candidates }, [1], () => undefined, signal, hurried);
    return orders[0]!.clips.length;
  };
  assert.equal(await made(true, false), POOL_CANDIDATES);
  assert.equal(await made(true, true), 1);
  assert.equal(await made(false, false), 1);
  assert.equal(await made(true, true, 3), 3, 'a number that is named holds');
  assert.equal(await made(true, false, 1), 1);
});
