import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MidiClock } from './clock.ts';
import { Midi, type MidiEvent, type MidiSystem } from './midi.ts';
import { type MidiMessage, MidiParser } from './parser.ts';

function parsed(...chunks: number[][]): MidiMessage[] {
  const found: MidiMessage[] = [];
  const parser = new MidiParser((message) => found.push(message));
  for (const chunk of chunks) parser.push(chunk);
  return found;
}

test('running status, velocity 0, realtime bytes inside others, system exclusive', () => {
  assert.deepEqual(parsed([0x91, 60, 100, 60, 0, 62], [0xf8, 90]), [
    { type: 'note', channel: 2, note: 60, velocity: 100, on: true },
    { type: 'note', channel: 2, note: 60, velocity: 0, on: false },
    { type: 'tick' },
    { type: 'note', channel: 2, note: 62, velocity: 90, on: true },
  ]);
  assert.deepEqual(parsed([0xf0, 1, 2, 0xfa, 3, 0xf7, 60, 60, 0xb0, 7, 64, 0xc5, 3, 4, 0xe0, 0, 64]), [
    { type: 'start' },
    { type: 'cc', channel: 1, controller: 7, value: 64 },
    { type: 'program', channel: 6, program: 3 },
    { type: 'program', channel: 6, program: 4 },
    { type: 'bend', channel: 1, value: 0 },
  ]);
  // A system message ends running status.
  assert.deepEqual(parsed([0x90, 1, 2, 0xf2, 16, 1, 1, 2]), [
    { type: 'note', channel: 1, note: 1, velocity: 2, on: true },
    { type: 'position', sixteenths: 144 },
  ]);
});

test('however a stream is cut, and wherever the clock ticks in it, the same is heard', () => {
  const byte = fc.oneof(fc.nat(127), fc.nat(255), fc.constantFrom(0x90, 0x80, 0xb0, 0xf0, 0xf7, 0xf2));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 10 }), (bytes, cuts) => {
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((to, i) => bytes.slice(places[i], to));
      const whole = parsed(bytes);
      assert.deepEqual(parsed(...chunks), whole);
      const ticking = parsed(...chunks.flatMap((chunk) => [[0xf8], chunk]));
      const others = (all: MidiMessage[]) => all.filter(({ type }) => type !== 'tick');
      assert.deepEqual(others(ticking), others(whole));
      for (const message of whole) {
        for (const value of Object.values(message))
          if (typeof value === 'number') assert.ok(value >= -8192 && value < 16_384);
      }
    }),
  );
});

/** A clock of this tempo, each tick late by up to `jitter` ms. */
function ticking(tempo: number, ticks: number, jitter: number, start = 1e12) {
  let now = start;
  let noise = 1;
  const clock = new MidiClock(() => now);
  const each = 60_000 / tempo / 24;
  const run = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      noise = (noise * 1_103_515_245 + 12_345) % 2 ** 31;
      now = start + i * each + (jitter * noise) / 2 ** 31;
      clock.hear({ type: 'tick' }, now);
    }
  };
  clock.hear({ type: 'start' }, now);
  run(0, ticks);
  const pass = (ms: number): void => {
    now += ms;
  };
  return { clock, each, start, run, pass, now: () => now };
}

test('tempo and the next beat are found through jitter', () => {
  for (const tempo of [60, 93.7, 128, 200]) {
    const { clock, each, start, now } = ticking(tempo, 100, 4);
    assert.ok(Math.abs(clock.tempo! - tempo) < tempo * 0.01, `${clock.tempo} is not ${tempo}`);
    const beat = clock.next(1, now())!;
    // Ticks are late by half the jitter on average, and so is what they say.
    assert.ok(Math.abs(beat - (start + 5 * 24 * each) - 2) < 2, `${beat - start} is not ${120 * each}`);
    assert.ok(Math.abs(clock.next(4, now())! - (start + 8 * 24 * each) - 2) < 3);
    assert.ok(Math.abs(clock.next(0.25, now())! - (start + 102 * each) - 2) < 2);
  }
});

test('a hit on the beat is on it; song position moves the count; a clock that stops or falls silent is none', () => {
  const { clock, each, start, run, pass, now } = ticking(120, 49, 0);
  assert.ok(Math.abs(clock.next(1, start + 48 * each)! - (start + 48 * each)) < 1e-3);
  assert.ok(Math.abs(clock.position(start + 36 * each)! - 1.5) < 1e-3);
  clock.hear({ type: 'position', sixteenths: 8 }, now());
  clock.hear({ type: 'continue' }, now());
  assert.equal(clock.next(1, now()), null, 'too few ticks');
  run(49, 73);
  assert.ok(Math.abs(clock.position(now())! - (2 + 23 / 24)) < 1e-3);
  clock.hear({ type: 'stop' }, now());
  assert.equal(clock.tempo, null);
  clock.hear({ type: 'continue' }, now());
  run(73, 97);
  assert.ok(clock.tempo !== null);
  pass(600);
  assert.deepEqual([clock.tempo, clock.next(1, now()), clock.position(now())], [null, null, null]);
});

/** A machine whose inputs are plugged in and out by the test. */
function machine() {
  const plugged = new Map<string, ((seconds: number, bytes: Iterable<number>) => void) | null>();
  const system: MidiSystem = {
    inputs: () => [...plugged.keys()],
    open(name, on) {
      plugged.set(name, on);
      return { close: () => void (plugged.has(name) && plugged.set(name, null)) };
    },
    virtual: () => null,
    close: () => plugged.clear(),
  };
  return { plugged, system };
}

test('inputs are heard when they are plugged in, by name where names were given, and let go when they are gone', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { plugged, system } = machine();
  plugged.set('Pads', null).set('Other keys', null);
  const logged: string[] = [];
  const midi = new Midi({ system, devices: ['pad'], log: (_, message) => logged.push(message), now: () => 5000 });
  await midi.open();
  const events: MidiEvent[] = [];
  midi.on((event) => events.push(event));
  assert.deepEqual(midi.info(), { inputs: ['Pads'], others: ['Other keys'], problem: null, tempo: null });
  plugged.get('Pads')!(0, [0x99, 36, 100]);
  assert.deepEqual(events, [
    { type: 'note', channel: 10, note: 36, velocity: 100, on: true, at: 5000, device: 'Pads' },
  ]);
  plugged.delete('Pads');
  plugged.set('More pads', null);
  t.mock.timers.tick(1000);
  assert.deepEqual(midi.info().inputs, ['More pads']);
  assert.equal(logged.length, 3);
  midi.close();
});

test('a machine without MIDI, or with one that fails, is told of and goes on', async () => {
  const logged: string[] = [];
  const log = (level: string, message: string) => void logged.push(`${level} ${message}`);
  const system: MidiSystem = {
    ...machine().system,
    virtual: () => {
      throw new Error('ALSA\nno sequencer');
    },
  };
  const midi = new Midi({ system, devices: ['pads'], log, now: () => 0 });
  await midi.open();
  assert.deepEqual(logged, ['warn no MIDI on this machine: no sequencer']);
  assert.deepEqual(midi.info(), { inputs: [], others: [], problem: 'no sequencer', tempo: null });
  midi.close();
  const none = new Midi({ devices: 'none', log, now: () => 0 });
  await none.open();
  assert.equal(none.info().problem, 'none is wanted');
  none.close();
});
