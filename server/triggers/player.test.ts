/** Which clip a hit plays, and when: through the bank, whose time the tests turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GeneratedClip } from './generator.ts';
import { centre, map, near, now, RATE, stage, starve } from './test/bank.ts';

test('a time ahead gets a clip of its own where there is room, else one that is ready; both to the sample', async () => {
  const { bank, playback } = stage();
  await bank.set([map({ id: 'pad' })]);
  await nextTurn();
  const begun = playback.now();
  const far = (await bank.fire('pad', { ...now, at: begun + 2000 }))!;
  const close = (await bank.fire('pad', { ...now, at: begun + 500 }))!;
  const past = (await bank.fire('pad', { ...now, at: begun - 100 }))!;
  assert.deepEqual([far.from, close.from, past.from], ['generated', 'pool', 'pool']);
  assert.deepEqual([far.late, close.late], [0, 0]);
  assert.equal(far.frame, (RATE * 2000) / 1000);
  assert.equal(close.frame, (RATE * 500) / 1000);
  assert.ok(past.late >= 100 && past.late < 110);
});

test('with nothing ready it waits or says so; with nothing fresh it plays again, changed a little', async () => {
  let give = false;
  const { bank } = stage({
    generator: {
      generate: async (_, temperatures, take, signal, hurried) => {
        if (!give) return starve(_, temperatures, take, signal, hurried);
        for (const [i, temperature] of temperatures.entries())
          take({ pcm: new Float32Array(100), rate: RATE, seed: 100 + i, temperature, guidance: 0 });
      },
    },
  });
  await bank.set([map({ id: 'pad' })]);
  await assert.rejects(bank.fire('pad', { ...now, wait: false }), { code: 'pool_empty' });
  const first = (await bank.fire('pad', now))!;
  const second = (await bank.fire('pad', now))!;
  assert.deepEqual([first.from, second.from, second.seed], ['generated', 'again', first.seed]);
  give = true;
  await bank.set([map({ id: 'pad', temperature: 0.9 })]);
  assert.equal((await bank.fire('pad', now))!.seed, 100);
  const [pool] = bank.pools();
  assert.deepEqual([pool!.played, pool!.starved, pool!.want], [1, 0, 3]);
});

test('beats are waited for where a map wants them and a clock runs', async () => {
  const asked: [number, number][] = [];
  const next = (quantise: number, after: number): number => {
    asked.push([quantise, after]);
    return after + 250;
  };
  const { bank, playback } = stage({ beats: { next } });
  await bank.set([map({ id: 'free' }), map({ id: 'beat', quantise: 0.5 })]);
  const begun = playback.now();
  const free = (await bank.fire('free', now))!;
  assert.deepEqual([free.frame, free.late], [playback.mixerHost.mixer.frontier, 0]);
  assert.equal((await bank.fire('beat', now))!.frame, (RATE * 250) / 1000);
  assert.deepEqual(asked, [[0.5, begun]]);
});

test('a clip that is made past its beat waits for the next one', async () => {
  const { bank, playback, clip } = stage({
    beats: { next: (quantise, after) => Math.ceil(after / 500 / quantise) * 500 * quantise },
    generator: {
      generate: starve,
      now: async () => {
        playback.render((RATE * 1200) / 1000);
        return clip();
      },
    },
  });
  await bank.set([map({ id: 'beat', quantise: 1 })]);
  const hit = (await bank.fire('beat', now))!;
  assert.equal(hit.from, 'generated');
  assert.equal(hit.frame, RATE * 1.5, 'not at 1.2 seconds, when it was there');
  assert.equal(hit.late, 0);
});

test('a beat is waited for from when the note came, not from when it was taken', async () => {
  const asked: number[] = [];
  const next = (_: number, after: number): number => {
    asked.push(after);
    return after + 250;
  };
  const { bank, note, heard } = stage({ beats: { next } });
  await bank.set([map({ id: 'beat', source: { note: 1 }, quantise: 1 })]);
  await heard(100);
  note(1, 127, true, 1, 1_000_095);
  assert.deepEqual(asked, [1_000_095]);
  near((await heard(240))[0], 0);
  near((await heard(10))[0], centre);
});

test('a clip of its own that is not made in time gives way to a ready one, and waits for the next hit', async () => {
  let finish: (clip: GeneratedClip) => void = () => undefined;
  let given = false;
  const { bank, playback, clip } = stage({
    generator: {
      generate: async (_, temperatures, take, signal, hurried) => {
        if (given) return starve(_, temperatures, take, signal, hurried);
        given = true;
        for (const _one of temperatures) take(clip());
      },
      now: () => new Promise((resolve) => (finish = resolve)),
      expectedMs: () => 10,
    },
  });
  await bank.set([map({ id: 'pad', ready: 2 })]);
  const at = playback.now() + 150;
  const hit = (await bank.fire('pad', { ...now, at }))!;
  assert.deepEqual([hit.from, hit.late, hit.frame], ['pool', 0, (RATE * 150) / 1000]);
  finish({ ...clip(), seed: 77 });
  await nextTurn();
  assert.equal(bank.pools()[0]!.ready, 2);
  const next = [(await bank.fire('pad', now))!, (await bank.fire('pad', now))!];
  assert.deepEqual(
    next.map(({ from }) => from),
    ['pool', 'pool'],
  );
  assert.equal(next[1]!.seed, 77);
  bank.close();
});

test('few clips are made for hits at once: the others take what is ready, or say that there is nothing', async () => {
  let asked = 0;
  const never = (): Promise<GeneratedClip> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const { bank, playback } = stage({ generator: { generate: starve, now: never, expectedMs: () => 10 } });
  await bank.set([map({ id: 'pad' })]);
  const at = playback.now() + 60_000;
  const waiting = Array.from({ length: 8 }, (_, i) => bank.fire('pad', i % 2 === 0 ? now : { ...now, at }));
  for (const one of waiting) one.catch(() => undefined);
  await nextTurn();
  for (const one of [now, { ...now, at }]) await assert.rejects(bank.fire('pad', one), { code: 'pool_empty' });
  assert.equal(asked, 8);
  bank.close();
});

test('room for a clip of its own is shared with those that are being made', async () => {
  const { bank, playback } = stage({ generator: { now: () => new Promise(() => undefined), expectedMs: () => 1000 } });
  await bank.set([map({ id: 'pad', ready: 4 })]);
  const at = playback.now() + 2500;
  for (let i = 0; i < 2; i++) void bank.fire('pad', { ...now, at });
  assert.equal((await bank.fire('pad', { ...now, at }))!.from, 'pool');
  bank.close();
});

test('a note that ends before its clip is made is not heard, and the clip is kept', async () => {
  let finish: (clip: GeneratedClip) => void = () => undefined;
  const { bank, heard, clip } = stage({
    generator: { generate: starve, now: () => new Promise((resolve) => (finish = resolve)) },
  });
  await bank.set([map({ id: 'loop', mode: 'loop' }), map({ id: 'shot' })]);
  const loop = bank.fire('loop', now);
  await nextTurn();
  await bank.fire('loop', { ...now, velocity: 0 });
  finish(clip());
  assert.equal(await loop, null);
  near((await heard(100))[0], 0);
  assert.deepEqual(
    bank.pools().map(({ ready, played }) => [ready, played]),
    [
      [1, 0],
      [0, 0],
    ],
  );
  const shot = bank.fire('shot', now);
  await nextTurn();
  await bank.fire('shot', { ...now, velocity: 0 });
  finish(clip());
  assert.equal((await shot)?.from, 'generated');
  const again = bank.fire('loop', now);
  assert.equal((await again)?.from, 'pool');
  bank.stop({}, 0.002);
  await heard(40);
  near((await heard(40))[0], 0);
});

test('the end of a note has its own time, and does not touch what begins after it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { bank, playback, heard } = stage();
  await bank.set([map({ id: 'loop', mode: 'loop' })]);
  const begun = playback.now();
  await bank.fire('loop', { ...now, at: begun + 20 });
  await bank.fire('loop', { ...now, at: begun + 500 });
  let over = false;
  const end = bank.fire('loop', { ...now, velocity: 0, at: begun + 100 }).then(() => (over = true));
  near((await heard(90))[0], centre);
  t.mock.timers.tick(99);
  await nextTurn();
  assert.equal(over, false);
  t.mock.timers.tick(1);
  await end;
  await heard(40);
  near((await heard(300))[0], 0);
  near((await heard(200))[0], centre);
  bank.close();
});

test('soft hits play colder clips where a map says so, and a hit tells what makes its clip again', async () => {
  const { bank, playback } = stage();
  await bank.set([map({ id: 'pad', temperature: 1, softTemperature: 0.5, ready: 3 })]);
  const played = async (velocity: number, at: number | null = null) =>
    (await bank.fire('pad', { ...now, velocity, at }))!;
  const hits = [await played(0.1), await played(1), await played(0.6), await played(0.2, playback.now() + 5000)];
  assert.deepEqual(
    hits.map(({ temperature, from }) => [temperature, from]),
    [
      [0.5, 'pool'],
      [1, 'pool'],
      [0.75, 'pool'],
      [0.6, 'generated'],
    ],
  );
  assert.equal(new Set(hits.map(({ seed }) => seed)).size, 4);
  const [pool] = bank.pools();
  assert.deepEqual([pool!.played, pool!.starved], [4, 0]);
});
