import assert from 'node:assert/strict';
import test from 'node:test';
import { fromBuffer } from 'osc-min';
import { type Answer, encodeOsc, encodeOscFailed, limits, ProtocolError } from '../index.ts';

const read = (datagram: Uint8Array) => {
  const message = fromBuffer(datagram);
  assert.equal(message.oscType, 'message');
  if (message.oscType !== 'message') throw message;
  return [message.address, message.args.map(({ type }) => type), message.args.map(({ value }) => value)];
};
const say = (cmd: string | null, echo: Parameters<typeof encodeOsc>[1], event: string, data: Answer['data']) =>
  encodeOsc(cmd, echo, { id: 'x', event, data }).map(read);
const text = (value: string) => ({ type: 'string', value }) as const;

test('answers to foley.generate are laid out as patches read them', () => {
  const id = { type: 'integer', value: 7 } as const;
  const told = (event: string, data: Answer['data']) => say('foley.generate', id, event, data);
  assert.deepEqual(told('accepted', { job: 'j1', seed: 42 }), [
    ['/foley/accepted', ['integer', 'string', 'integer'], [7, 'j1', 42]],
  ]);
  assert.deepEqual(told('accepted', { job: 'j1', seed: 4294967295 }), [
    ['/foley/accepted', ['integer', 'string', 'string'], [7, 'j1', '4294967295']],
  ]);
  assert.deepEqual(told('row', { index: 0, row: 3, rows: 40, codes: [1] }), [
    ['/foley/row', ['integer', 'integer', 'integer'], [7, 3, 40]],
  ]);
  const clip = (index: number) => ({ index, clip: 'c', seed: index, path: `/tmp/${index}.wav` });
  assert.deepEqual(told('done', { clip: 'c', seconds: 4, clips: [clip(0)] }), [
    ['/foley/done', ['integer', 'string', 'float', 'string'], [7, '/tmp/0.wav', 4, 'c']],
  ]);
  assert.deepEqual(
    told('done', { seconds: 4, clips: [clip(0), clip(1)] }).map(([address]) => address),
    ['/foley/clip', '/foley/clip', '/foley/done'],
  );
  assert.deepEqual(told('failed', { code: 'cancelled', message: 'no\0pe' }), [
    ['/foley/failed', ['integer', 'string', 'string'], [7, 'cancelled', 'no pe']],
  ]);
  assert.deepEqual(told('audio', { pcm: new Uint8Array(4) }), []);
  assert.deepEqual(told('preview', {}), []);
});

test('a ping comes back as the type it was', () => {
  const pong = (payload: unknown) => say('server.ping', text('/foley/ping'), 'done', { payload, time: 1 });
  assert.deepEqual(pong('bang'), [['/foley/pong', ['string'], ['bang']]]);
  assert.deepEqual(pong(3), [['/foley/pong', ['integer'], [3]]]);
  assert.deepEqual(pong(0.5), [['/foley/pong', ['float'], [0.5]]]);
  assert.deepEqual(pong(undefined), [['/foley/pong', [], []]]);
});

test('each voice is a message with its classes', () => {
  const voice = (id: string) => ({ id, name: 'N', active: id === 'a', classes: [{ name: 'X' }, { name: 'Y' }] });
  assert.deepEqual(
    say('voice.list', text('/foley/voices'), 'done', { voices: [voice('a'), voice('b')] }).map(
      ([, , values]) => values,
    ),
    [
      ['a', 'N', 1, 'X', 'Y'],
      ['b', 'N', 0, 'X', 'Y'],
    ],
  );
});

test('an answer too long for a datagram is refused rather than cut', () => {
  const data = { code: 'internal', message: 'x'.repeat(limits.oscDatagramBytes) };
  assert.throws(() => encodeOsc(null, text('a'), { id: 'a', event: 'failed', data }), { code: 'too_large' });
});

test('a failure without a request has an empty id', () => {
  assert.deepEqual(read(encodeOscFailed(new ProtocolError('malformed', 'm'))), [
    '/foley/failed',
    ['string', 'string', 'string'],
    ['', 'malformed', 'm'],
  ]);
});

test('what changes of a stream is told by name, since one number alone could be any of them', () => {
  const told = (data: Answer['data']) =>
    say('stream.start', text('s1'), 'changed', { step: 8, ...data }).filter(
      ([address]) => address === '/foley/stream/value',
    );
  assert.deepEqual(told({ density: 2.5, class: { Rain: 0.5, Keyboard: 0.5 }, guidance: 0 }), [
    ['/foley/stream/value', ['string', 'integer', 'string', 'string'], ['s1', 8, 'class', 'Rain:0.5+Keyboard:0.5']],
    ['/foley/stream/value', ['string', 'integer', 'string', 'integer'], ['s1', 8, 'guidance', 0]],
    ['/foley/stream/value', ['string', 'integer', 'string', 'float'], ['s1', 8, 'density', 2.5]],
  ]);
  assert.deepEqual(told({ level: -3, class: 'Rain' }), [
    ['/foley/stream/value', ['string', 'integer', 'string', 'string'], ['s1', 8, 'class', 'Rain']],
    ['/foley/stream/value', ['string', 'integer', 'string', 'integer'], ['s1', 8, 'level', -3]],
  ]);
  assert.deepEqual(told({}), []);
});
