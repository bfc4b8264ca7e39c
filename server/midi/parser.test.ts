import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('system exclusive that never ends is nothing, until another status ends it', () => {
  const found: MidiMessage[] = [];
  const parser = new MidiParser((message) => found.push(message));
  parser.push([0x90, 1, 1, 0xf0]);
  for (let i = 0; i < 100; i++) parser.push(new Uint8Array(10_000).fill(i));
  assert.equal(found.length, 1);
  parser.push([0x80, 1, 1]);
  assert.deepEqual(found[1], { type: 'note', channel: 1, note: 1, velocity: 1, on: false });
});

const byte = fc.oneof(fc.nat(127), fc.nat(255), fc.constantFrom(0x90, 0x80, 0xb0, 0xf0, 0xf7, 0xf2));

test('however a stream is cut, and wherever the clock ticks in it, the same is heard', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 10 }), (bytes, cuts) => {
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((to, i) => bytes.slice(places[i], to));
      const whole = parsed(bytes);
      assert.deepEqual(parsed(...chunks), whole);
      assert.deepEqual(parsed(...bytes.map((one) => [one])), whole);
      const ticking = parsed(...chunks.flatMap((chunk) => [[0xf8], chunk]));
      const others = (all: MidiMessage[]) => all.filter(({ type }) => type !== 'tick');
      assert.deepEqual(others(ticking), others(whole));
    }),
  );
});

test('whatever comes, every field is within what it may be', () => {
  const ranges: Record<string, [number, number]> = {
    channel: [1, 16],
    note: [0, 127],
    velocity: [0, 127],
    controller: [0, 127],
    program: [0, 127],
    sixteenths: [0, 16_383],
  };
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
      for (const { type, ...fields } of parsed(bytes)) {
        for (const [key, value] of Object.entries(fields)) {
          if (typeof value === 'boolean') continue;
          const [low, high] = ranges[key] ?? (type === 'bend' ? [-8192, 8191] : [0, 127]);
          assert.ok(Number.isInteger(value) && value >= low && value <= high, `${type}.${key} is ${value}`);
        }
      }
    }),
  );
});

/** What these messages are in bytes, each with its status or, where it may, without. */
function written(messages: readonly MidiMessage[], running: boolean): number[] {
  const bytes: number[] = [];
  let last = 0;
  const put = (status: number, ...data: number[]): void => {
    if (!running || status !== last || status >= 0xf0) bytes.push(status);
    last = status >= 0xf0 ? 0 : status;
    bytes.push(...data);
  };
  for (const one of messages) {
    if (one.type === 'note') put((one.on ? 0x90 : 0x80) + one.channel - 1, one.note, one.velocity);
    else if (one.type === 'cc') put(0xb0 + one.channel - 1, one.controller, one.value);
    else if (one.type === 'aftertouch' && one.note !== undefined) put(0xa0 + one.channel - 1, one.note, one.value);
    else if (one.type === 'aftertouch') put(0xd0 + one.channel - 1, one.value);
    else if (one.type === 'program') put(0xc0 + one.channel - 1, one.program);
    else if (one.type === 'bend') put(0xe0 + one.channel - 1, (one.value + 8192) & 127, (one.value + 8192) >> 7);
    else if (one.type === 'position') put(0xf2, one.sixteenths & 127, one.sixteenths >> 7);
    else bytes.push({ tick: 0xf8, start: 0xfa, continue: 0xfb, stop: 0xfc }[one.type]);
  }
  return bytes;
}

test('what was written is read, with running status and without', () => {
  const channel = fc.integer({ min: 1, max: 16 });
  const data = fc.nat(127);
  const loud = fc.integer({ min: 1, max: 127 });
  const bend = fc.integer({ min: -8192, max: 8191 });
  const message: fc.Arbitrary<MidiMessage> = fc.oneof(
    fc.tuple(channel, data, loud, fc.boolean()).map(([channel, note, velocity, on]) => {
      return { type: 'note' as const, channel, note, velocity, on };
    }),
    fc.tuple(channel, data, data).map(([channel, controller, value]) => ({
      type: 'cc' as const,
      channel,
      controller,
      value,
    })),
    fc.tuple(channel, data).map(([channel, program]) => ({ type: 'program' as const, channel, program })),
    fc.tuple(channel, data).map(([channel, value]) => ({ type: 'aftertouch' as const, channel, value })),
    fc.tuple(channel, data, data).map(([channel, note, value]) => ({
      type: 'aftertouch' as const,
      channel,
      note,
      value,
    })),
    fc.tuple(channel, bend).map(([channel, value]) => ({ type: 'bend' as const, channel, value })),
    fc.nat(16_383).map((sixteenths) => ({ type: 'position' as const, sixteenths })),
    fc.constantFrom('tick' as const, 'start' as const, 'continue' as const, 'stop' as const).map((type) => ({ type })),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), fc.boolean(), (messages, running) => {
      assert.deepEqual(parsed(written(messages, running)), messages);
    }),
  );
});
