import assert from 'node:assert/strict';
import test from 'node:test';
import { type OscArgInput, toBuffer } from 'osc-min';
import { decodeOsc, limits, oscMessage } from '../index.ts';
import { msToTimetag, type Timetag } from './timetag.ts';

const now = Date.UTC(2026, 10, 24, 12);
const text = (value: string) => ({ type: 'string', value }) as const;

/** A bundle of messages for one moment, as clients send it. */
function encodeBundle(
  timetag: Timetag,
  messages: readonly { address: string; args: readonly OscArgInput[] }[],
): Uint8Array {
  const view = toBuffer({
    timetag: [timetag[0], timetag[1]],
    elements: messages.map(({ address, args }) => ({ address, args: [...args] })),
  });
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

const bundle = (at: number | [number, number], ...messages: { address: string; args: OscArgInput[] }[]) =>
  encodeBundle(typeof at === 'number' ? msToTimetag(at) : at, messages);
const ping = (payload: string) => ({ address: '/foley/ping', args: [text(payload)] });
const payloads = (datagram: Uint8Array) =>
  decodeOsc(datagram, now).map(({ at, items }) => [
    at,
    items.map((item) => (item.kind === 'request' ? item.args.payload : item.kind)),
  ]);

test('a bundle is one batch: now for timetag 1 and the past, later to the fraction', () => {
  assert.deepEqual(payloads(bundle([0, 1], ping('a'), ping('b'))), [[null, ['a', 'b']]]);
  assert.deepEqual(payloads(bundle(now - 5000, ping('a'))), [[null, ['a']]]);
  assert.deepEqual(payloads(bundle(now + 1234.5, ping('a'))), [[now + 1234.5, ['a']]]);
  assert.deepEqual(decodeOsc(bundle([0, 1]), now), []);
});

test('nested bundles keep their times, never earlier than the one around them', () => {
  const nested = toBuffer({
    timetag: [...msToTimetag(now + 1000)],
    elements: [
      ping('outer'),
      {
        timetag: [...msToTimetag(now + 2000)],
        elements: [ping('later'), { timetag: [0, 1], elements: [ping('same')] }],
      },
      { timetag: [...msToTimetag(now + 500)], elements: [ping('early')] },
    ],
  });
  assert.deepEqual(payloads(new Uint8Array(nested.buffer)), [
    [now + 1000, ['outer', 'early']],
    [now + 2000, ['later', 'same']],
  ]);
});

test('a timetag beyond the horizon is refused under the id, at once', () => {
  const [batch] = decodeOsc(
    bundle(now + limits.oscHorizonMs + 1000, { address: '/foley/generate', args: [text('a'), text('X')] }),
    now,
  );
  assert.equal(batch?.at, null);
  const [item] = batch?.items ?? [];
  assert.deepEqual(
    [item?.kind, item?.kind === 'refused' && [item.echo, item.error.code]],
    ['refused', [text('a'), 'bad_args']],
  );
  assert.deepEqual(payloads(bundle(now + limits.oscHorizonMs, ping('a'))), [[now + limits.oscHorizonMs, ['a']]]);
});

test('one broken message makes the whole bundle malformed', () => {
  const good = bundle([0, 1], ping('aaa'), ping('bbb'));
  const broken = good.slice();
  broken[broken.length - 8] = 0xff;
  broken.fill(0x41, broken.length - 4);
  for (const datagram of [
    broken,
    good.subarray(0, -4),
    good.subarray(0, 18),
    new Uint8Array([...good, 0, 0, 0]),
    new Uint8Array(0),
    new Uint8Array(3),
  ]) {
    assert.throws(() => decodeOsc(datagram, now), { name: 'ProtocolError', code: 'malformed' });
  }
});

test('bundles too deep, messages too many and datagrams too large are refused', () => {
  const nest = (levels: number): Uint8Array => {
    let inner = oscMessage('/foley/ping');
    for (let i = 0; i < levels; i++) {
      const head = bundle([0, 1]);
      inner = new Uint8Array([...head, 0, 0, inner.length >> 8, inner.length & 255, ...inner]);
    }
    return inner;
  };
  assert.deepEqual(payloads(nest(limits.oscDepth)), [[null, [undefined]]]);
  assert.throws(() => decodeOsc(nest(limits.oscDepth + 1), now), { code: 'malformed' });
  assert.throws(() => decodeOsc(nest(1000), now), { code: 'malformed' });
  const many = (count: number) => bundle([0, 1], ...Array.from({ length: count }, () => ping('a')));
  assert.equal(decodeOsc(many(limits.oscMessages), now)[0]?.items.length, limits.oscMessages);
  assert.throws(() => decodeOsc(many(limits.oscMessages + 1), now), { code: 'malformed' });
  assert.throws(() => decodeOsc(new Uint8Array(limits.oscDatagramBytes + 1), now), { code: 'too_large' });
  assert.throws(() => decodeOsc(oscMessage('/a', ...Array<number>(limits.oscArgs + 1).fill(1)), now), {
    code: 'malformed',
  });
});
