import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProtocolError, parseArgs, type TriggerMap } from '../../protocol/index.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { type BankOptions, TriggerBank } from './bank.ts';
import type { ClipGenerator, GeneratedClip } from './generator.ts';
import { amplitudeOf } from './player.ts';
import type { MidiEvent } from './sources.ts';

const RATE = 48_000;
const map = (fields: Record<string, unknown>): TriggerMap =>
  parseArgs('trigger.map', { class: 'Rain', ...fields }) as TriggerMap;

/** A bank whose clips are half a second of one number, and whose time passes when the test renders. */
function stage(options: Omit<Partial<BankOptions>, 'generator'> & { generator?: Partial<ClipGenerator> } = {}) {
  let seed = 0;
  const playback = createOfflinePlayback({ rate: RATE, began: 1_000_000 });
  const clip = (temperature = 1): GeneratedClip => {
    return { pcm: new Float32Array(RATE / 2).fill(0.1), rate: RATE, seed: seed++, temperature, guidance: 0 };
  };
  const saved: TriggerMap[][] = [];
  const midi = { listener: (_: MidiEvent): void => undefined };
  const { generator, ...rest } = options;
  const problems: string[] = [];
  const bank = new TriggerBank({
    generator: {
      check: async ({ class: label }) => {
        if (label === 'Unicorn') throw new ProtocolError('unknown_class', 'no unicorns');
        return [];
      },
      generate: async (_, temperatures, take) => {
        for (const temperature of temperatures) take(clip(temperature));
      },
      now: async (_, temperature) => clip(temperature),
      expectedMs: () => 1000,
      live: async () => null,
      ...generator,
    },
    playback: async () => playback,
    save: async (maps) => void saved.push([...maps]),
    log: (_, message) => problems.push(message),
    ...rest,
  });
  bank.listen({
    on: (listener) => {
      midi.listener = listener;
      return () => undefined;
    },
  });
  const note = (number: number, velocity: number, on = true, channel = 1, at = 0): void => {
    midi.listener({ type: 'note', channel, note: number, velocity, on, at, device: 'test' });
  };
  const cc = (controller: number, value: number, channel = 1): void => {
    midi.listener({ type: 'cc', channel, controller, value, at: 0, device: 'test' });
  };
  /** Loudest sample of the next milliseconds, left and right. */
  const heard = async (ms: number): Promise<[number, number]> => {
    await nextTurn();
    const out = playback.render((RATE * ms) / 1000);
    return out.map((channel) => channel.reduce((most, x) => Math.max(most, Math.abs(x)), 0)) as [number, number];
  };
  return { bank, playback, saved, note, cc, heard, problems, clip };
}

/** A queue that never comes to the pools. */
const starve: ClipGenerator['generate'] = (_map, _temperatures, _take, signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

const now = { velocity: 1, at: null, wait: true };
const near = (actual: number, expected: number): void => {
  assert.ok(Math.abs(actual - expected) < 2e-3, `${actual} is not ${expected}`);
};
const centre = 0.1 * Math.SQRT1_2;

test('a note plays its map as loud as it is hit, on its channel alone, and ends nothing of a shot', async () => {
  const { bank, note, heard, saved } = stage();
  await bank.set([map({ id: 'pad', source: { note: 36, channel: 2 } })]);
  assert.equal(saved.length, 1);
  note(36, 127, true, 1);
  note(37, 127, true, 2);
  near((await heard(50))[0], 0);
  note(36, 64, true, 2);
  near((await heard(50))[0], centre * amplitudeOf(1, 64 / 127));
  note(36, 0, false, 2);
  near((await heard(50))[0], centre * amplitudeOf(1, 64 / 127));
  near((await heard(600))[0], centre * amplitudeOf(1, 64 / 127));
  near((await heard(50))[0], 0);
});

test('two maps of one note both sound; a choke group lets one end the other', async () => {
  const { bank, note, heard } = stage();
  await bank.set([
    map({ id: 'left', source: { note: 1 }, pan: -1 }),
    map({ id: 'right', source: { note: 1 }, pan: 1, gain: -6 }),
    map({ id: 'stop', source: { note: 2 }, choke: 'dogs', gain: -80 }),
  ]);
  note(1, 127);
  const [left, right] = await heard(40);
  near(left, 0.1);
  near(right, 0.1 * 10 ** (-6 / 20));
  await bank.set([map({ id: 'left', source: { note: 1 }, pan: -1, choke: 'dogs' })]);
  note(1, 127);
  await heard(40);
  note(2, 127);
  await heard(20);
  near((await heard(20))[0], 0.1);
  await heard(600);
});

test('a gate ends with its note, a loop goes on until then, a controller fires once on its way up', async () => {
  const { bank, note, cc, heard } = stage();
  await bank.set([
    map({ id: 'gate', source: { note: 1 }, mode: 'gate' }),
    map({ id: 'loop', source: { cc: 7 }, mode: 'loop', fadeOut: 0 }),
  ]);
  note(1, 127);
  near((await heard(100))[0], centre);
  note(1, 0, false);
  await heard(40);
  near((await heard(40))[0], 0);
  cc(7, 80);
  cc(7, 127);
  near((await heard(1900))[0], centre * amplitudeOf(1, 80 / 127));
  cc(7, 20);
  await heard(40);
  near((await heard(40))[0], 0);
});

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

test('all sound off silences what its channel plays, shots and all, and nothing else', async () => {
  const { bank, note, cc, heard, playback } = stage();
  await bank.set([
    map({ id: 'one', source: { note: 1, channel: 1 }, pan: -1 }),
    map({ id: 'two', source: { note: 2, channel: 2 }, pan: 1, gain: -6 }),
    map({ id: 'any', source: { note: 3 }, mode: 'loop' }),
    map({ id: 'osc', source: { osc: '/pad/1' }, pan: 1, gain: -12 }),
  ]);
  note(1, 127, true, 1);
  note(2, 127, true, 2);
  note(3, 127, true, 3);
  await bank.fire('osc', now);
  await heard(40);
  assert.equal(playback.info().voices.active, 4);
  cc(120, 0, 1);
  await heard(40);
  const others = 0.1 * (10 ** (-6 / 20) + 10 ** (-12 / 20));
  const [left, right] = await heard(40);
  near(left, 0);
  near(right, others);
  cc(123, 0, 2);
  near((await heard(40))[1], others);
  assert.equal(playback.info().voices.active, 2);
});

test('what cannot be is refused, all or nothing', async () => {
  const { bank, saved } = stage();
  await assert.rejects(bank.fire('nobody', now), { code: 'unknown_map' });
  await assert.rejects(bank.fireAddress('/pad', now), { code: 'unknown_map' });
  await assert.rejects(bank.set([map({ id: 'a' }), map({ id: 'b', class: 'Unicorn' })]), { code: 'unknown_class' });
  const many = Array.from({ length: 17 }, (_, i) => map({ id: `m${i}`, ready: 16 }));
  await assert.rejects(bank.set(many), /272 clips/);
  assert.deepEqual([bank.maps.length, saved.length], [0, 0]);
  await bank.set(many.slice(0, 16));
  await bank.set([map({ id: 'only', source: { osc: '/pad/1' } })], true);
  assert.deepEqual(
    bank.maps.map(({ id }) => id),
    ['only'],
  );
  assert.ok(bank.isMapped('/pad/1') && !bank.isMapped('/pad/2'));
  assert.equal((await bank.fireAddress('/pad/1', now)).length, 1);
  assert.equal(bank.stop({ id: 'only' }, 0.01), 1);
  assert.equal(bank.stop({}, 0.01), 1, 'it sounds until its fade has ended');
  bank.close();
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

test('whatever becomes of its map, a loop ends', async () => {
  const { bank, note, heard, playback } = stage();
  const loop = { id: 'pad', mode: 'loop', source: { note: 1 } };
  const silent = async (): Promise<void> => {
    await heard(40);
    near((await heard(40))[0], 0);
  };
  const changes = [
    () => bank.remove('pad'),
    () => bank.set([map({ id: 'pad', source: { note: 1 } })]),
    () => bank.set([map({ ...loop, source: { note: 2 } })]),
    () => bank.set([], true),
  ];
  for (const change of changes) {
    await bank.set([map(loop)]);
    note(1, 127);
    near((await heard(900))[0], centre);
    await change();
    await silent();
  }
  await bank.set([map({ id: 'shot' })]);
  const { voice } = (await bank.fire('shot', now))!;
  await bank.remove('shot');
  near((await heard(100))[0], centre);
  assert.equal(bank.stop({ voice: voice + 1 }, 0.01), 0);
  assert.equal(bank.stop({ id: 'shot' }, 0.01), 1, 'what sounds of a map that is gone can be ended');
  await silent();
  assert.throws(() => bank.stop({ id: 'shot' }, 0.01), { code: 'unknown_map' });
  assert.equal(playback.info().voices.active, 0);
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

test('a map that cannot play keeps no other from it; where none can, the reason is told', async () => {
  const gone = new ProtocolError('unknown_class', 'no such class');
  const { bank, problems, clip } = stage({
    generator: {
      generate: async ({ id }, temperatures, take) => {
        if (id === 'broken') throw gone;
        for (const _ of temperatures) take(clip());
      },
      now: () => Promise.reject(gone),
    },
  });
  const maps = ['broken', 'first', 'second'].map((id) => map({ id, source: { osc: '/pad' } }));
  await bank.restore(async () => maps);
  const hits = await bank.fireAddress('/pad', now);
  assert.deepEqual(
    hits.map((hit) => hit.map),
    ['first', 'second'],
  );
  assert.deepEqual(problems, ['map broken could not play']);
  assert.equal(bank.pools()[0]!.problem, 'no such class');
  await bank.set(maps.slice(0, 1), true);
  await assert.rejects(bank.fireAddress('/pad', now), { code: 'unknown_class' });
  bank.close();
});

test('a class that another voice has not leaves its map broken, says so, and others as they were', async () => {
  let classes = ['Rain', 'DogBark'];
  const { bank, clip } = stage({
    generator: {
      generate: async ({ class: label }, temperatures, take) => {
        if (!classes.includes(String(label))) throw new ProtocolError('unknown_class', `no class ${String(label)}`);
        for (const _ of temperatures) take(clip());
      },
      now: async ({ class: label }) => {
        throw new ProtocolError('unknown_class', `no class ${String(label)}`);
      },
    },
  });
  await bank.set([map({ id: 'dog', class: 'DogBark' }), map({ id: 'rain' }), map({ id: 'own', voice: 'other' })]);
  const kept = (await bank.fire('own', now))!.seed;
  classes = ['Rain'];
  bank.restock();
  await nextTurn();
  assert.deepEqual(
    bank.pools().map(({ map: id, ready, problem }) => [id, ready, problem]),
    [
      ['dog', 0, 'no class DogBark'],
      ['rain', 3, null],
      ['own', 3, null],
    ],
  );
  await assert.rejects(bank.fire('dog', now), { code: 'unknown_class' });
  assert.ok((await bank.fire('rain', now))!.seed > kept, 'a clip of the other voice');
  classes = ['Rain', 'DogBark'];
  bank.restock();
  assert.equal((await bank.fire('dog', now))!.from, 'pool');
  bank.close();
});

test('who maps before the maps of the run before are there loses none of them', async () => {
  const { bank, saved } = stage();
  const restored = bank.restore(async () => {
    await nextTurn();
    return [map({ id: 'old' })];
  });
  await bank.set([map({ id: 'new' })]);
  await restored;
  assert.deepEqual(
    saved.map((maps) => maps.map(({ id }) => id)),
    [['old', 'new']],
  );
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

test('all pools together hold no more bytes than they may, and a map with too little room says so', async () => {
  // As it was made, and prepared for the output.
  const bytes = 2 * (RATE / 2) * 4;
  const { bank, playback } = stage({ poolBytes: 10 * bytes });
  const prepared: number[] = [];
  const { prepare } = playback;
  playback.prepare = (pcm, rate) => {
    const sound = prepare(pcm, rate);
    prepared.push(sound.bytes);
    return sound;
  };
  await bank.set([map({ id: 'a', ready: 4 })]);
  assert.deepEqual([bank.pools()[0]!.ready, bank.pools()[0]!.problem], [4, null]);
  await bank.set([map({ id: 'b', ready: 12 })]);
  for (let i = 0; i < 30; i++) for (const id of ['a', 'b']) assert.equal((await bank.fire(id, now))!.from, 'pool');
  const [a, b] = bank.pools();
  // A quarter of ten is two, of which one may come again; three quarters are seven.
  assert.deepEqual([a!.ready, b!.ready], [1, 6]);
  assert.equal(a!.problem, 'there is room for 1 of its clips only');
  assert.ok(bank.poolBytes <= 10 * bytes, `${bank.poolBytes / bytes} clips`);
  await bank.remove('b');
  await nextTurn();
  assert.deepEqual([bank.pools()[0]!.ready, bank.pools()[0]!.problem], [4, null]);
});
