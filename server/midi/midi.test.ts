import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { ByteSource } from './bytes.ts';
import { type MidiEvent, type MidiOptions, openMidi } from './midi.ts';

/** MIDI of bytes: what it told, what it logged, and its clock. */
async function stage(t: TestContext, system: ByteSource | null, options: Partial<MidiOptions> = {}) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const time = { now: 5000 };
  const logged: string[] = [];
  const midi = await openMidi({
    system,
    devices: 'auto',
    now: () => time.now,
    uptime: () => time.now,
    log: (level, message) => logged.push(`${level} ${message}`),
    ...options,
  });
  const events: MidiEvent[] = [];
  midi.on((event) => events.push(event));
  const look = (): void => {
    time.now += 1000;
    t.mock.timers.tick(1000);
  };
  return { midi, events, logged, time, look };
}

const BEAT = 24;
/** A tick, and how long after the one before it came. */
function tick(system: ByteSource, time: { now: number }, device: string, ms: number, ticks: number): void {
  for (let i = 0; i < ticks; i++) {
    time.now += ms;
    system.send(device, [0xf8], ms / 1000);
  }
}

test('inputs are heard when they are plugged in, by name where names were given, and let go when they are gone', async (t) => {
  const system = new ByteSource().plug('Pads').plug('Other keys');
  const { midi, events, logged, look } = await stage(t, system, { devices: ['pad'] });
  const none = { problem: null, clock: null, tempo: null };
  assert.deepEqual(midi.info(), { inputs: ['Pads'], others: ['Other keys'], ...none });
  system.send('Pads', [0x99, 36, 100]);
  assert.equal(system.send('Other keys', [0x99, 36, 100]), false);
  const hit = { type: 'note', channel: 10, note: 36, velocity: 100, on: true, at: 5000, device: 'Pads' };
  assert.deepEqual(events, [hit]);
  system.unplug('Pads');
  system.plug('More pads');
  look();
  assert.deepEqual(midi.info().inputs, ['More pads']);
  assert.deepEqual(
    events[1],
    { ...hit, velocity: 0, on: false, at: 6000 },
    'the note was held by a device that is gone',
  );
  assert.equal(logged.length, 3);
  midi.close();
  assert.equal(system.send('More pads', [0x99, 36, 100]), false);
});

test('inputs are opened only while they are needed, and left to other programs otherwise', async (t) => {
  const system = new ByteSource().plug('Keys');
  let isNeeded = false;
  const { midi, events } = await stage(t, system, { isNeeded: () => isNeeded });
  assert.deepEqual([midi.info().inputs, midi.info().others], [[], ['Keys']]);
  isNeeded = true;
  midi.refresh();
  system.send('Keys', [0x90, 36, 100]);
  assert.deepEqual(midi.info().inputs, ['Keys']);
  isNeeded = false;
  midi.refresh();
  assert.equal(system.send('Keys', [0x90, 38, 100]), false);
  assert.deepEqual(
    events.map((event) => event.type === 'note' && [event.note, event.on]),
    [
      [36, true],
      [36, false],
    ],
  );
  const all = await openMidi({ system, devices: 'all', isNeeded: () => false, now: () => 0, log: () => undefined });
  assert.deepEqual(all.info().inputs, ['Keys']);
  all.close();
});

test('several inputs are heard at once, each with a running status of its own, and other programs by our own input', async (t) => {
  const system = new ByteSource({ virtual: true }).plug('A').plug('B');
  const { midi, events } = await stage(t, system);
  assert.deepEqual(midi.info().inputs, ['A', 'B', 'foleyd']);
  system.send('A', [0x90, 1]);
  system.send('B', [0xb0, 2, 3]);
  system.send('A', [100, 2]);
  system.send(null, [0xc0, 7]);
  system.send('A', [90]);
  assert.deepEqual(
    events.map((event) => [event.device, event.type, event.type === 'note' ? event.note : null]),
    [
      ['B', 'cc', null],
      ['A', 'note', 1],
      ['foleyd', 'program', null],
      ['A', 'note', 2],
    ],
  );
  midi.close();
});

test('whatever a device sends and whenever it goes, no note and no controller stays down', async (t) => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x90, 0x80, 0xb0, 60, 61, 120, 123, 0, 100));
  await fc.assert(
    fc.asyncProperty(fc.array(byte, { maxLength: 120 }), async (bytes) => {
      t.mock.timers.reset();
      const system = new ByteSource().plug('Pads');
      const { midi, events, look } = await stage(t, system);
      system.send('Pads', bytes);
      system.unplug('Pads');
      look();
      const on = new Set<string>();
      for (const event of events) {
        if (event.type === 'program' || event.type === 'aftertouch' || (event.type === 'cc' && event.controller >= 120))
          continue;
        const key = `${event.type} ${event.channel} ${event.type === 'note' ? event.note : event.controller}`;
        if (event.type === 'note' ? event.on : event.value > 0) on.add(key);
        else on.delete(key);
      }
      assert.deepEqual([...on], []);
      midi.close();
    }),
    { numRuns: 100 },
  );
});

test('all sound off, all notes off and what implies it end the notes of their channel, and lift no controller', async (t) => {
  const system = new ByteSource().plug('Host');
  const { midi, events } = await stage(t, system);
  for (const controller of [120, 123, 124, 125, 126, 127]) {
    events.length = 0;
    system.send('Host', [0x90, 60, 1, 62, 1, 0x91, 60, 1, 0xb0, 64, 127, controller, 0]);
    const ends = events.slice(5).map((event) => [event.type, event.channel, event.type === 'note' && event.note]);
    assert.deepEqual(
      ends,
      [
        ['note', 1, 60],
        ['note', 1, 62],
      ],
      `${controller}`,
    );
  }
  for (const controller of [121, 122]) {
    events.length = 0;
    system.send('Host', [0x90, 60, 1, 0xb0, controller, 0]);
    assert.equal(events.length, 2, `${controller}`);
  }
  midi.close();
});

test('of two clocks one counts: the one that was started, and the other when it is gone', async (t) => {
  const system = new ByteSource().plug('Synth').plug('Host');
  const { midi, time, look } = await stage(t, system);
  tick(system, time, 'Synth', 25, BEAT);
  assert.deepEqual([midi.info().clock, midi.info().tempo !== null], ['Synth', true]);
  system.send('Host', [0xfa], 0);
  const began = time.now + 20;
  for (let i = 0; i < 2 * BEAT; i++) {
    tick(system, time, 'Host', 20, 1);
    system.send('Synth', [0xf8], 0.02);
  }
  assert.equal(midi.info().clock, 'Host');
  assert.ok(Math.abs(midi.info().tempo! - 125) < 0.5, `${midi.info().tempo}`);
  assert.ok(Math.abs(midi.next(1, time.now)! - (began + 2 * BEAT * 20)) < 1);
  system.unplug('Host');
  look();
  tick(system, time, 'Synth', 25, BEAT);
  assert.equal(midi.info().clock, 'Synth');
  time.now += 1000;
  assert.deepEqual([midi.info().clock, midi.next(1, time.now)], [null, null]);
  midi.close();
});

test('bytes that this process took late came when their driver says', async (t) => {
  const system = new ByteSource().plug('Pads');
  const { midi, events, time } = await stage(t, system);
  const hit = (after: number, late: number): number => {
    time.now += after + late;
    system.send('Pads', [0xc0, 1], after / 1000);
    const { at } = events.at(-1)!;
    time.now -= late;
    return time.now - at;
  };
  assert.equal(hit(1000, 0), 0);
  for (const late of [5, 30, 0, 12]) assert.ok(Math.abs(hit(100, late)) < 0.6, 'less than its clock may drift');
  // A driver that tells nothing, or the time of another clock, is not believed.
  time.now += 500;
  system.send('Pads', [0xc0, 1], 0);
  assert.equal(events.at(-1)!.at, time.now);
  time.now += 10;
  system.send('Pads', [0xc0, 1], 99);
  assert.equal(events.at(-1)!.at, time.now);
  midi.close();
});

test('what is left of two devices of one name is heard under the name that it has then', async (t) => {
  const system = new ByteSource().plug('Pads').plug('Pads (2)').plug('Keys');
  const { midi, events, logged, look } = await stage(t, system);
  assert.deepEqual(midi.info().inputs, ['Pads', 'Pads (2)', 'Keys']);
  system.send('Pads', [0x90, 1, 1]);
  system.send('Pads (2)', [0x90, 2, 1]);
  system.send('Keys', [0x90, 3, 1]);
  // The first goes: the port of the second is another one now.
  system.unplug('Pads (2)');
  system.plug('Pads');
  look();
  assert.equal(system.send('Pads', [0x90, 4, 1]), true);
  assert.deepEqual(midi.info().inputs, ['Keys', 'Pads']);
  assert.deepEqual(logged.slice(3), ['warn the MIDI input Pads (2) is gone']);
  assert.deepEqual(
    events.slice(3).map((event) => event.type === 'note' && [event.note, event.on]),
    [
      [1, false],
      [2, false],
      [4, true],
    ],
  );
  midi.close();
});

test('who asks for our own input by its name misses nothing', async (t) => {
  const { midi, logged } = await stage(t, new ByteSource({ virtual: true }).plug('Keys'), { devices: ['foleyd'] });
  const none = { problem: null, clock: null, tempo: null };
  assert.deepEqual([midi.info(), logged], [{ inputs: ['foleyd'], others: ['Keys'], ...none }, []]);
  midi.close();
});

test('an input that cannot be opened is named once, and opened when it can be', async (t) => {
  const system = new ByteSource().plug('Pads');
  let busy = true;
  const open = system.open.bind(system);
  system.open = (name, on) => {
    if (busy) throw new Error('Internal RtMidi error');
    return open(name, on);
  };
  const { midi, logged, look } = await stage(t, system);
  look();
  look();
  assert.deepEqual(logged, ['warn the MIDI input Pads cannot be opened: Internal RtMidi error']);
  assert.deepEqual([midi.info().others, midi.info().problem], [['Pads'], 'Pads: Internal RtMidi error']);
  busy = false;
  look();
  assert.deepEqual([midi.info().inputs, midi.info().problem], [['Pads'], null]);
  midi.close();
});

test('a name that nothing has is told, and waited for', async (t) => {
  const system = new ByteSource().plug('Keys');
  const { midi, logged, look } = await stage(t, system, { devices: ['pads', 'keys'] });
  assert.deepEqual(logged, [
    'info listening to the MIDI input Keys',
    'warn no MIDI input is called pads yet; there are none',
  ]);
  assert.equal(midi.info().problem, 'no input is called pads');
  system.plug('Pads');
  look();
  assert.deepEqual([midi.info().inputs, midi.info().problem], [['Keys', 'Pads'], null]);
  midi.close();
});

test('after a sleep of the machine inputs are opened again', async (t) => {
  const system = new ByteSource().plug('Pads');
  const { midi, events, time, look } = await stage(t, system);
  system.send('Pads', [0x90, 1, 1]);
  // Gone and there again while nobody could look.
  system.unplug('Pads');
  system.plug('Pads');
  assert.equal(system.send('Pads', [0x90, 1, 1]), false);
  time.now += 60_000;
  look();
  assert.equal(system.send('Pads', [0x90, 2, 1]), true);
  assert.deepEqual(
    events.map((event) => event.type === 'note' && [event.note, event.on]),
    [
      [1, true],
      [1, false],
      [2, true],
    ],
  );
  midi.close();
});

test('a machine without MIDI, or with one that fails, is told of and goes on', async (t) => {
  const system = new ByteSource();
  system.inputs = () => {
    throw new Error('ALSA\nno sequencer');
  };
  const { midi, logged, look } = await stage(t, system, { devices: ['pads'] });
  look();
  assert.equal(logged[0], 'warn MIDI inputs cannot be listed: no sequencer');
  assert.equal(logged.filter((line) => line.includes('listed')).length, 1);
  assert.equal(midi.info().problem, 'no sequencer');
  midi.close();
  t.mock.timers.reset();
  const none = await stage(t, null, { devices: 'none' });
  assert.deepEqual([none.midi.info().problem, none.logged], ['switched off (--midi none)', []]);
  none.midi.close();
});

test('a listener that fails ends neither the process nor the others', async (t) => {
  const system = new ByteSource().plug('Pads');
  const { midi, events, logged } = await stage(t, system);
  midi.on(() => {
    throw new Error('no such thing');
  });
  let heard = 0;
  const stop = midi.on(() => {
    heard += 1;
  });
  system.send('Pads', [0xc0, 1]);
  stop();
  system.send('Pads', [0xc0, 1]);
  assert.deepEqual([events.length, heard], [2, 1]);
  assert.equal(logged.filter((line) => line === 'warn MIDI event listener threw: no such thing').length, 2);
  midi.close();
});

const reason = process.platform !== 'linux' || existsSync('/dev/snd/seq') ? 'this machine may have MIDI' : undefined;
test('without an ALSA sequencer there is a warning and no fault', { skip: reason }, async (t) => {
  const { midi, logged } = await stage(t, null);
  assert.deepEqual(logged, [
    'warn no MIDI on this machine: there is no ALSA sequencer, /dev/snd/seq; load it with: sudo modprobe snd-seq',
  ]);
  assert.equal(midi.info().problem, 'there is no ALSA sequencer, /dev/snd/seq; load it with: sudo modprobe snd-seq');
  midi.close();
});
