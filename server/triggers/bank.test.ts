import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProtocolError } from '../../protocol/index.ts';
import { amplitudeOf } from './rendition.ts';
import { centre, map, near, now, RATE, stage } from './test/bank.ts';

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
