/** From a device's bytes to what is heard, through a whole server, and to the sample in time that the test lets pass. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, type EventData, type Hit, parseArgs, type TriggerMap } from '../../protocol/index.ts';
import { deviceList } from '../handlers/device-list.ts';
import { ByteSource } from '../midi/bytes.ts';
import { openMidi } from '../midi/midi.ts';
import { createOfflinePlayback } from '../playback/offline.ts';
import { TriggerBank } from '../triggers/bank.ts';
import { newServer } from './support/server.ts';

test('notes of a device play maps, both of one note, softly with clips of their own temperature; its cable ends what it holds', async (t) => {
  const system = new ByteSource({ virtual: true }).plug('Pads');
  const { app } = await newServer(t, { config: { output: 'none' }, midi: system });
  const client = app.connect();
  const hits: Hit[] = [];
  client.onAnswer(({ event, data }) => {
    if (event === 'hit') hits.push(data as Hit);
  });
  client.send({ id: 'w', cmd: 'server.watch', args: { jobs: false, pools: false } });
  const maps = [
    { id: 'soft', class: 'Rain', source: { note: 36 }, ready: 4, temperature: 1, softTemperature: 0.5 },
    { id: 'also', class: 'Rain', source: { note: 36, channel: 10 } },
    { id: 'held', class: 'Rain', source: { note: 38 }, mode: 'loop' },
    { id: 'pedal', class: 'Rain', source: { cc: 64 }, mode: 'loop' },
    { id: 'patch', class: 'Rain', source: { program: 5 } },
  ];
  await client.call('trigger.import', { maps });
  const pools = async () => ((await client.call('pool.info')) as EventData<'pool.info', 'done'>).pools;
  while ((await pools()).some(({ ready, want }) => ready < want)) await sleep(5);
  const heard = async (count: number): Promise<Hit[]> => {
    while (hits.length < count) await sleep(5);
    return hits.splice(0);
  };
  // Running status: a hit, its end as velocity 0, a hit on the same channel; then the other kinds.
  assert.ok(system.send('Pads', [0x99, 36, 1, 36, 0, 36]));
  assert.deepEqual(
    (await heard(2)).map(({ map }) => map),
    ['soft', 'also'],
    'in the order in which they were made',
  );
  system.send('Pads', [127]);
  const [hard] = await heard(2);
  system.send('Pads', [0x90, 36, 1]);
  const [soft] = await heard(1);
  assert.ok(soft!.temperature < hard!.temperature, `${soft!.temperature} is not below ${hard!.temperature}`);
  system.send(null, [0xc0, 5]);
  assert.deepEqual(
    (await heard(1)).map(({ map }) => map),
    ['patch'],
  );
  const active = async () => {
    const { playback } = (await client.call('server.info')) as { playback: { voices: { active: number } } };
    return playback.voices.active;
  };
  while ((await active()) > 0) await sleep(5);
  system.send('Pads', [0x90, 38, 100, 0xb0, 64, 127]);
  assert.equal((await heard(2)).length, 2);
  while ((await active()) < 2) await sleep(5);
  await sleep(200);
  assert.equal(await active(), 2, 'loops go on while their notes are down');
  system.unplug('Pads');
  while ((await active()) > 0) await sleep(5);
});

test('device.list says which inputs are open, and whose clock is followed of two that run', async (t) => {
  const system = new ByteSource({ virtual: true }).plug('Synth').plug('Other');
  let now = 1000;
  const midi = await openMidi({ system, devices: ['synth'], log: () => undefined, now: () => now });
  t.after(() => midi.close());
  const list = deviceList({
    midi: () => midi.info(),
    outputs: async () => [{ name: 'Speakers' }],
    openPlayback: () => null,
  });
  const ask = async () => {
    const answer = await list({} as Parameters<typeof list>[0]);
    assert.deepEqual(commandOf('device.list').events.done!.parse(answer), answer, 'all of it is declared');
    return answer.midi;
  };
  const open = { inputs: ['Synth', 'foleyd'], others: ['Other'], problem: null };
  assert.deepEqual(await ask(), { ...open, clock: null, tempo: null });
  system.send(null, [0xfa]);
  for (let i = 0; i < 24; i++) {
    now += 20;
    for (const name of ['Synth', null]) system.send(name, [0xf8], 0.02);
  }
  const { tempo, ...rest } = await ask();
  assert.deepEqual(rest, { ...open, clock: 'foleyd' });
  assert.ok(Math.abs(tempo! - 125) < 0.5, `${tempo}: two clocks are not one of twice the tempo`);
});

test('a map waits for the beat of the song position that a host’s clock goes on from', async (t) => {
  const RATE = 48_000;
  const playback = createOfflinePlayback({ rate: RATE, began: 1_000_000 });
  const system = new ByteSource().plug('Host');
  const midi = await openMidi({ system, devices: 'auto', log: () => undefined, now: () => playback.now() });
  const clip = { pcm: new Float32Array(100).fill(0.1), rate: RATE, seed: 1, temperature: 1, guidance: 0 };
  const problems: unknown[] = [];
  const bank = new TriggerBank({
    generator: {
      check: async () => [],
      generate: async (_, temperatures, take) => {
        for (const _ of temperatures) take(clip);
      },
      now: async () => clip,
      expectedMs: () => 1000,
      live: async () => null,
    },
    playback: async () => playback,
    beats: midi,
    save: async () => undefined,
    log: (_level, _message, fields) => problems.push(fields?.err),
  });
  const stop = bank.listen(midi);
  t.after(() => {
    stop();
    bank.close();
    midi.close();
  });
  const hits: Hit[] = [];
  bank.watch((event) => event.type === 'hit' && hits.push(event.hit));
  const args = { id: 'bar', class: 'Rain', source: { note: 36 }, quantise: 4 };
  await bank.set([parseArgs('trigger.map', args) as TriggerMap]);
  const hit = async (): Promise<Hit> => {
    system.send('Host', [0x90, 36, 100, 36, 0]);
    await new Promise(setImmediate);
    assert.deepEqual(problems, []);
    return hits.pop()!;
  };
  /** Ticks of a clock at 125 beats a minute, each 20 ms after the one before. */
  const ticks = (count: number): void => {
    for (let i = 0; i < count; i++) {
      playback.render(RATE / 50);
      system.send('Host', [0xf8], 0.02);
    }
  };
  assert.equal((await hit()).frame, playback.mixerHost.mixer.frontier, 'without a clock at once');
  // Six beats into the song, which goes on with the next tick.
  system.send('Host', [0xf2, 24, 0, 0xfb]);
  ticks(24);
  const each = RATE / 50;
  // Beat 6 was the first tick; beat 8 comes 48 ticks after it.
  const eighth = each * (1 + 48);
  assert.ok(Math.abs((await hit()).frame - eighth) <= 0.001 * RATE, 'the next bar');
  system.send('Host', [0xfc]);
  const { frame, late } = await hit();
  assert.deepEqual([frame, late], [playback.mixerHost.mixer.frontier, 0], 'a clock that stands has no beats');
});
