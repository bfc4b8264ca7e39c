import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProtocolError, parseArgs, type TriggerMap } from '../../protocol/index.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { type BankOptions, type ClipMaker, loudness, TriggerBank } from './bank.ts';
import type { MidiEvent } from './sources.ts';

const RATE = 48_000;
const map = (fields: Record<string, unknown>): TriggerMap =>
  parseArgs('trigger.map', { class: 'Rain', ...fields }) as TriggerMap;

/** A bank whose clips are half a second of one number, and whose time passes when the test renders. */
function stage(options: Omit<Partial<BankOptions>, 'maker'> & { maker?: Partial<ClipMaker> } = {}) {
  let seed = 0;
  const playback = createOfflinePlayback({ rate: RATE, began: 1_000_000 });
  const clip = () => ({ pcm: new Float32Array(RATE / 2).fill(0.1), rate: RATE, seed: seed++ });
  const saved: TriggerMap[][] = [];
  const midi = { listener: (_: MidiEvent): void => undefined };
  const { maker, ...rest } = options;
  const problems: string[] = [];
  const bank = new TriggerBank({
    maker: {
      check: async ({ class: label }) => {
        if (label === 'Unicorn') throw new ProtocolError('unknown_class', 'no unicorns');
      },
      stock: async (_, count, take) => {
        for (let i = 0; i < count; i++) take(clip());
      },
      now: async () => clip(),
      expectedMs: () => 1000,
      ...maker,
    },
    playback: async () => playback,
    save: async (maps) => void saved.push([...maps]),
    onProblem: (message) => problems.push(message),
    ...rest,
  });
  bank.listen({
    on: (listener) => {
      midi.listener = listener;
      return () => undefined;
    },
  });
  const note = (number: number, velocity: number, on = true, channel = 1): void => {
    midi.listener({ type: 'note', channel, note: number, velocity, on, at: 0, device: 'test' });
  };
  const cc = (controller: number, value: number): void => {
    midi.listener({ type: 'cc', channel: 1, controller, value, at: 0, device: 'test' });
  };
  /** Loudest sample of the next milliseconds, left and right. */
  const heard = async (ms: number): Promise<[number, number]> => {
    await nextTurn();
    const out = playback.render((RATE * ms) / 1000);
    return out.map((channel) => channel.reduce((most, x) => Math.max(most, Math.abs(x)), 0)) as [number, number];
  };
  return { bank, playback, saved, note, cc, heard, problems };
}

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
  near((await heard(50))[0], centre * loudness(1, 64 / 127));
  note(36, 0, false, 2);
  near((await heard(50))[0], centre * loudness(1, 64 / 127));
  near((await heard(600))[0], centre * loudness(1, 64 / 127));
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
  near((await heard(1900))[0], centre * loudness(1, 80 / 127));
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
    maker: {
      stock: async (_, count, take, signal) => {
        if (!give) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        for (let i = 0; i < count; i++) take({ pcm: new Float32Array(100), rate: RATE, seed: 100 + i });
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
  assert.deepEqual([free.frame, free.late], [playback.desk.mixer.frontier, 0]);
  assert.equal((await bank.fire('beat', now))!.frame, (RATE * 250) / 1000);
  assert.deepEqual(asked, [[0.5, begun]]);
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
