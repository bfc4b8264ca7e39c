import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { decode, ExtData, encode } from '@msgpack/msgpack';
import { msgpackCodec as codec, decodePcm, encodePcm, limits } from '../index.ts';

const malformed = { name: 'ProtocolError', code: 'malformed' };
const request = (args: unknown) => ({ id: 'a', cmd: 'server.ping', args });
const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const bytesOf = (frame: string | Uint8Array) => {
  assert.ok(frame instanceof Uint8Array);
  return new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
};

const answer = {
  id: 'bark1',
  event: 'audio',
  data: {
    index: 0,
    seed: 4294967295,
    time: 1767225600000,
    half: 0.5,
    negative: -129,
    name: 'ä😀',
    yes: true,
    none: null,
    codes: Array.from({ length: 43 }, (_, i) => i * 12),
    pcm: encodePcm(new Float32Array([0.25, -0.5, 1]), 'f32'),
  },
};

test('what we encode is plain msgpack: another JavaScript library reads it', () => {
  assert.deepEqual(decode(bytesOf(codec.encode(answer))), answer);
});

test('what we encode is plain msgpack: Python reads it', (t) => {
  // pip carries a copy of the msgpack package, so that it is nearly always there.
  const script = [
    'import sys, json, struct',
    'try:',
    '    import msgpack',
    'except ImportError:',
    '    try:',
    '        from pip._vendor import msgpack',
    '    except ImportError:',
    '        sys.exit(77)',
    'a = msgpack.unpackb(sys.stdin.buffer.read())',
    'd = a["data"]',
    'assert type(d["pcm"]) is bytes and type(d["seed"]) is int, d',
    'd["pcm"] = list(struct.unpack("<3f", d["pcm"]))',
    'sys.stdout.write(json.dumps(a))',
  ].join('\n');
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', '']).status === 0);
  if (python === undefined) return t.skip('there is no Python');
  const run = spawnSync(python, ['-c', script], { input: bytesOf(codec.encode(answer)) });
  if (run.status === 77) return t.skip('Python has no msgpack');
  assert.equal(run.status, 0, String(run.stderr));
  assert.deepEqual(JSON.parse(String(run.stdout)), { ...answer, data: { ...answer.data, pcm: [0.25, -0.5, 1] } });
});

test('bytes are bin, those of a view into a larger buffer too, and hold nothing else', () => {
  const backing = Uint8Array.from({ length: 64 }, (_, i) => i + 100);
  const frame = bytesOf(codec.encode({ id: 'a', event: 'e', data: { pcm: backing.subarray(10, 13) } }));
  assert.equal(Buffer.from(frame).toString('hex').slice(-10), 'c4036e6f70');
  const fromBuffer = bytesOf(codec.encode({ id: 'a', event: 'e', data: { pcm: Buffer.from([1, 2]) } }));
  assert.equal(Buffer.from(fromBuffer).toString('hex').slice(-8), 'c4020102');
});

test('an encoded frame is not overwritten by later ones', () => {
  const first = bytesOf(codec.encode(answer));
  const copy = first.slice();
  for (let i = 0; i < 2000; i++) codec.encode({ ...answer, id: `other${i}` });
  assert.deepEqual(first, copy);
});

test('sound survives the way there, wherever it lies in the frame', () => {
  const samples = Float32Array.from({ length: 1001 }, (_, i) => Math.sin(i));
  for (let pad = 0; pad < 8; pad++) {
    const data = { pad: 'x'.repeat(pad), pcm: encodePcm(samples, 'f32') };
    const { pcm } = codec.decodeAnswer(codec.encode({ id: 'a', event: 'audio', data })).data;
    assert.deepEqual(decodePcm(pcm as Uint8Array, 'f32'), samples);
  }
});

test('requests of other encoders decode', () => {
  for (const args of [
    {},
    { payload: 'x' },
    { payload: -1.5 },
    { class: { DogBark: 1 }, seed: 4294967295, rows: false },
  ]) {
    assert.deepEqual(codec.decode(encode(request(args))), request(args));
  }
});

test('broken frames are malformed', () => {
  const good = encode(request({ payload: 'hello' }));
  for (let end = 0; end < good.length; end++)
    assert.throws(() => codec.decode(good.subarray(0, end)), malformed, `cut at ${end}`);
  assert.throws(() => codec.decode(new Uint8Array([...good, 0])), malformed, 'trailing byte');
  assert.throws(() => codec.decode(new Uint8Array([...good, ...good])), malformed, 'two messages');
  assert.throws(() => codec.decode('text'), malformed);
  assert.throws(() => codec.decode(hex('c1')), malformed, 'the byte that is never used');
});

test('extension types, keys that are not text and keys that reach prototypes are malformed', () => {
  assert.throws(() => codec.decode(encode(request({ a: new ExtData(5, new Uint8Array(3)) }))), malformed);
  assert.throws(() => codec.decode(encode(request({ a: new Date() }))), malformed);
  assert.throws(() => codec.decode(hex('81 01 02')), malformed, 'a map with a number as key');
  const proto = encode(request({ aaaaaaaaa: { polluted: 1 } }));
  const at = Buffer.from(proto).indexOf('aaaaaaaaa');
  proto.set(Buffer.from('__proto__'), at);
  assert.throws(() => codec.decode(proto), malformed);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('numbers that are not finite are refused with the id', () => {
  for (const payload of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => codec.decode(encode(request({ payload }))), { ...malformed, id: 'a' });
  }
});

test('headers that claim more than is there cost nothing', () => {
  // Each array header claims 65535 entries; a decoder that believes them allocates 512 KB for every 3 bytes.
  const bomb = new Uint8Array(limits.frameBytes);
  for (let i = 0; i + 2 < bomb.length; i += 3) bomb.set([0xdc, 0xff, 0xff], i);
  const before = process.memoryUsage().rss;
  assert.throws(() => codec.decode(bomb), malformed);
  assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
  for (const head of [
    'dd ffffffff',
    'df ffffffff',
    'dc ffff',
    'de ffff',
    'c6 ffffffff',
    'db ffffffff',
    'c9 ffffffff 00',
  ]) {
    assert.throws(() => codec.decode(hex(head)), malformed, head);
  }
});

test('depth bombs are refused, one level less than the limit is not', () => {
  assert.throws(() => codec.decode(new Uint8Array(100_000).fill(0x91)), malformed);
  const nest = (levels: number): unknown => (levels === 0 ? 0 : [nest(levels - 1)]);
  assert.doesNotThrow(() => codec.decode(encode(request({ a: nest(limits.depth - 2) }))));
  assert.throws(() => codec.decode(encode(request({ a: nest(limits.depth - 1) }))), malformed);
});

test('a frame above the limit is too large', () => {
  assert.throws(() => codec.decode(new Uint8Array(limits.frameBytes + 1)), { code: 'too_large' });
});
