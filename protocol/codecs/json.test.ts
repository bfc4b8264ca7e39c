import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonCodec as codec, limits } from '../index.ts';
import { fromBase64, isLonger, toBase64 } from './bytes.ts';

const request = (args: string) => `{"id":"a","cmd":"server.ping","args":${args}}`;
const malformed = { name: 'ProtocolError', code: 'malformed' };

test('text and UTF-8 bytes are the same request', () => {
  const expected = { id: 'ä😀', cmd: 'server.ping', args: { payload: 'ü' } };
  const text = codec.encodeRequest(expected) as string;
  assert.deepEqual(codec.decode(text), expected);
  assert.deepEqual(codec.decode(new TextEncoder().encode(text)), expected);
});

test('what is not JSON is malformed', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"id":',
    'nul',
    "{'id':1}",
    '{"id":"a"}x',
    'NaN',
    request('{"a":NaN}'),
    request('{"a":1e}'),
  ]) {
    assert.throws(() => codec.decode(text), malformed, text);
  }
  assert.throws(() => codec.decode(new Uint8Array([0x22, 0xff, 0xfe, 0x22])), malformed, 'invalid UTF-8');
});

test('keys that reach prototypes are refused, wherever they stand, and change nothing', () => {
  for (const args of ['{"__proto__":{"polluted":1}}', '{"a":[{"__proto__":1}]}']) {
    assert.throws(() => codec.decode(request(args)), { ...malformed, id: 'a' });
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.throws(() => codec.decode('{"__proto__":{"id":"a"},"cmd":"c"}'), malformed);
});

test('depth bombs are refused with the id, not with a stack overflow', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  assert.throws(() => codec.decode(request(`{"a":${deep(200_000)}}`)), { ...malformed, id: 'a' });
  assert.throws(() => codec.decode(deep(400_000)), { ...malformed, id: undefined });
  // The request and its args are two of the levels.
  assert.doesNotThrow(() => codec.decode(request(`{"a":${deep(limits.depth - 2)}}`)));
  assert.throws(() => codec.decode(request(`{"a":${deep(limits.depth - 1)}}`)), malformed);
});

test('numbers that overflow are refused, those that round are not', () => {
  assert.throws(() => codec.decode(request('{"payload":1e999}')), malformed);
  assert.throws(() => codec.decode(request(`{"payload":-1${'0'.repeat(400)}}`)), malformed);
  assert.equal(codec.decode(request('{"payload":12345678901234567890}')).args.payload, 12345678901234567000);
});

test('a frame above the limit is too large, before anything is parsed', () => {
  const frame = (size: number) => request(`{"payload":"${'x'.repeat(size - request('{"payload":""}').length)}"}`);
  assert.equal(codec.decode(frame(limits.frameBytes)).id, 'a');
  assert.throws(() => codec.decode(frame(limits.frameBytes + 1)), { code: 'too_large' });
  assert.throws(
    () => codec.decode(`"${'é'.repeat(limits.frameBytes / 2)}"`),
    { code: 'too_large' },
    'counted in bytes',
  );
  assert.throws(() => codec.decode(`[${'0,'.repeat(limits.nodes)}0]`), malformed, 'too many values');
});

test('byte fields are base64 on the wire and bytes after it, at any offset', () => {
  const backing = new Uint8Array([9, 9, 9, 0, 128, 255, 9]);
  const data = { index: 0, pcm: backing.subarray(3, 6) };
  const text = codec.encode({ id: 'a', event: 'audio', data }) as string;
  assert.equal(JSON.parse(text).data.pcm, 'AID/');
  assert.deepEqual(codec.decodeAnswer(text).data.pcm, new Uint8Array([0, 128, 255]));
  for (const pcm of [1, 'A', 'A===', '!!!!', 'AA=A', null]) {
    const frame = JSON.stringify({ id: 'a', event: 'audio', data: { pcm } });
    assert.throws(() => codec.decodeAnswer(frame), { ...malformed, path: 'data.pcm' }, String(pcm));
  }
});

test('base64 is the standard one, with or without a Buffer', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    const text = Buffer.from(bytes).toString('base64');
    for (const buffer of [undefined, null]) {
      assert.equal(toBase64(bytes, buffer), text);
      assert.deepEqual(fromBase64(text, buffer), bytes);
    }
  }
  const large = Uint8Array.from({ length: 200_001 }, (_, i) => i & 255);
  assert.equal(toBase64(large, null), Buffer.from(large).toString('base64'));
});

test('length is counted in UTF-8 bytes', () => {
  assert.deepEqual(
    [isLonger('ab', 2), isLonger('ab', 1), isLonger('é', 1), isLonger('é', 2), isLonger('€', 2), isLonger('😀', 4)],
    [false, true, true, false, true, false],
  );
  assert.deepEqual([isLonger(new Uint8Array(3), 3), isLonger(new Uint8Array(4), 3)], [false, true]);
});

test('a byte order mark before JSON is taken away, in text as in bytes', () => {
  const text = '\ufeff{"id":"a","cmd":"server.ping","args":{}}';
  const expected = { id: 'a', cmd: 'server.ping', args: {} };
  assert.deepEqual(codec.decode(text), expected);
  assert.deepEqual(codec.decode(new TextEncoder().encode(text)), expected);
});
