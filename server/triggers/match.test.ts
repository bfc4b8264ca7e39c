import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandOf, type TriggerSource } from '../../protocol/index.ts';
import { velocityOf } from './match.ts';
import type { MidiEvent } from './sources.ts';

const seven = fc.integer({ min: 0, max: 127 });
// Few numbers and channels, so that sources and events meet.
const few = fc.integer({ min: 0, max: 2 });
const channel = fc.integer({ min: 1, max: 2 });
const from = { at: fc.constant(0), device: fc.constantFrom('a', 'b') };
const event: fc.Arbitrary<MidiEvent> = fc.oneof(
  fc.record({ type: fc.constant('note' as const), channel, note: few, velocity: seven, on: fc.boolean(), ...from }),
  fc.record({ type: fc.constant('cc' as const), channel, controller: few, value: seven, ...from }),
  fc.record({ type: fc.constant('program' as const), channel, program: few, ...from }),
  fc.record({ type: fc.constant('aftertouch' as const), channel, note: few, value: seven, ...from }),
);
const on = fc.record({ channel }, { requiredKeys: [] });
const source: fc.Arbitrary<TriggerSource> = fc.oneof(
  fc.tuple(fc.record({ note: few }), on).map(([a, b]) => ({ ...a, ...b })),
  fc.tuple(fc.record({ cc: few }), on).map(([a, b]) => ({ ...a, ...b })),
  fc.tuple(fc.record({ program: few }), on).map(([a, b]) => ({ ...a, ...b })),
  fc.constant({ osc: '/pad/1' }),
);

test('an event strikes sources of its kind, number and channel, and no others', () => {
  fc.assert(
    fc.property(source, event, (given, one) => {
      const hit = velocityOf(given, one, new Map());
      const number = one.type === 'program' ? one.program : one.type === 'cc' ? one.controller : one.note;
      const kind = one.type;
      const meant =
        kind in given &&
        (given as Record<string, number>)[kind] === number &&
        (!('channel' in given) || given.channel === undefined || given.channel === one.channel);
      if (!meant) assert.equal(hit, null);
      else if (one.type === 'note') assert.equal(hit, one.on ? one.velocity / 127 : 0);
      else if (one.type === 'program') assert.equal(hit, 1);
      // A controller that was not down does not come up.
      else assert.equal(hit, one.value >= 64 ? one.value / 127 : null);
    }),
  );
});

test('a note without velocity is its end, whatever it calls itself', () => {
  const note = { type: 'note', channel: 1, note: 5, at: 0, device: 'a' } as const;
  assert.equal(velocityOf({ note: 5 }, { ...note, on: true, velocity: 0 }, new Map()), 0);
  assert.equal(velocityOf({ note: 5 }, { ...note, on: false, velocity: 90 }, new Map()), 0);
});

test('a controller goes down and up in turn on each channel, and full value again is another press', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(channel, fc.oneof(seven, fc.constant(127))), { maxLength: 60 }), (moves) => {
      const held = new Map<number, number>();
      const last = new Map<number, number>();
      for (const [on, value] of moves) {
        const event = { type: 'cc', channel: on, controller: 1, value, at: 0, device: 'a' } as const;
        const wasDown = (last.get(on) ?? 0) >= 64;
        const again = last.get(on) === 127 && value === 127;
        const meant = value < 64 ? (wasDown ? 0 : null) : !wasDown || again ? value / 127 : null;
        assert.equal(velocityOf({ cc: 1 }, event, held), meant);
        last.set(on, value);
      }
    }),
  );
});

test('a pedal that only ever sends 127 hits each time, one that sweeps up hits once', () => {
  const hits = (values: number[]): number => {
    const held = new Map<number, number>();
    const at = { type: 'cc', channel: 1, controller: 64, at: 0, device: 'pedal' } as const;
    return values.filter((value) => (velocityOf({ cc: 64 }, { ...at, value }, held) ?? 0) > 0).length;
  };
  assert.equal(hits([127, 127, 127]), 3);
  assert.equal(hits([10, 60, 70, 90, 127]), 1);
  assert.equal(hits([127, 0, 127, 0]), 2);
});

test('what words say of a source is what maps say, and other words are refused', () => {
  const { args, osc } = commandOf('trigger.map');
  const words = osc!.words!.source!;
  const read = (text: string) => args.safeParse({ id: 'x', class: 'Rain', source: words(text) });
  fc.assert(
    fc.property(source, (given) => {
      const [kind, number] = Object.entries(given)[0]!;
      const tail = 'channel' in given && given.channel !== undefined ? `:${given.channel}` : '';
      const result = read('osc' in given ? given.osc : `${kind}:${number}${tail}`);
      assert.deepEqual(result.data?.source, given);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(note|cc|program|osc):?\d*:?\d*$/)), (text) => {
      const result = read(text);
      if (!result.success) return;
      const found = result.data.source as TriggerSource;
      const [, number = '', on] = text.split(':');
      if ('osc' in found) assert.ok(found.osc === text && !/^\/foley(\/|$)/.test(text));
      else {
        assert.ok([Number(number), Number(on ?? 1)].every((n, i) => n >= i && n <= (i === 0 ? 127 : 16)));
        assert.deepEqual(Object.values(found), on === undefined ? [Number(number)] : [Number(number), Number(on)]);
      }
    }),
  );
});

test('an address of one’s own is plain text below no command’s', () => {
  const { args } = commandOf('trigger.map');
  const takes = (osc: string): boolean => args.safeParse({ id: 'x', class: 'Rain', source: { osc } }).success;
  for (const good of ['/pad/1', '/foleys', '/foley2/x', '/a-b_c.d', `/${'x'.repeat(127)}`])
    assert.ok(takes(good), good);
  const bad = [
    '',
    '/',
    'pad',
    '/foley',
    '/foley/',
    '/foley/hit',
    '/a b',
    '/a*',
    '/a?',
    '/[ab]',
    '/{a,b}',
    '/#bundle',
    '/ä',
  ];
  for (const one of [...bad, `/${'x'.repeat(128)}`, '/a\u0000', '/a\n']) assert.ok(!takes(one), JSON.stringify(one));
});
