import assert from 'node:assert/strict';
import test from 'node:test';
import { decodePcm, encodePcm } from '../index.ts';

const int16 = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 2 }, (_, i) =>
    new DataView(bytes.buffer, bytes.byteOffset).getInt16(i * 2, true),
  );

test('s16 rounds to nearest, halves to even, and clips at both ends', () => {
  const at = (units: number) => units / 32768;
  const cases: [number, number][] = [
    [0, 0],
    [-0, 0],
    [1, 32767],
    [-1, -32768],
    [2, 32767],
    [-2, -32768],
    [Number.POSITIVE_INFINITY, 32767],
    [Number.NEGATIVE_INFINITY, -32768],
    [Number.NaN, 0],
    [at(0.5), 0],
    [at(1.5), 2],
    [at(2.5), 2],
    [at(-0.5), 0],
    [at(-1.5), -2],
    [at(-2.5), -2],
    [at(0.51), 1],
    [at(-0.51), -1],
    [at(32766.4), 32766],
    [at(-32767.6), -32768],
  ];
  assert.deepEqual(
    int16(encodePcm(new Float32Array(cases.map(([x]) => x)), 's16')),
    cases.map(([, y]) => y),
  );
});

test('every int16 survives decoding and encoding', () => {
  const all = new Int16Array(65536).map((_, i) => i - 32768);
  const bytes = new Uint8Array(all.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of all.entries()) view.setInt16(i * 2, value, true);
  assert.deepEqual(encodePcm(decodePcm(bytes, 's16'), 's16'), bytes);
});

test('f32 keeps every bit, that of NaN too, on hosts of either byte order', () => {
  const samples = new Float32Array([0, -0, 0.1, -1, 1e-40, 3e38, Number.NaN, Number.POSITIVE_INFINITY]);
  const expected = new Uint8Array(samples.length * 4);
  for (const [i, value] of samples.entries()) new DataView(expected.buffer).setFloat32(i * 4, value, true);
  for (const littleEndian of [undefined, false]) {
    assert.deepEqual(encodePcm(samples, 'f32', littleEndian), expected);
    assert.deepEqual(decodePcm(expected, 'f32', littleEndian), samples);
  }
});

test('bytes at an odd offset decode, and a tail short of a sample is left alone', () => {
  const samples = new Float32Array([0.25, -0.5, 0.75]);
  for (const format of ['f32', 's16'] as const) {
    const bytes = encodePcm(samples, format);
    const odd = new Uint8Array(bytes.length + 4);
    odd.set(bytes, 3);
    assert.deepEqual(decodePcm(odd.subarray(3, 3 + bytes.length), format), samples);
    assert.deepEqual(decodePcm(odd.subarray(3, 3 + bytes.length + 1), format), samples);
  }
});

test('encoding copies, so that the samples may be reused', () => {
  const samples = new Float32Array([1, 2]).subarray(1);
  const bytes = encodePcm(samples, 'f32');
  samples[0] = 5;
  assert.deepEqual([...decodePcm(bytes, 'f32')], [2]);
  assert.equal(bytes.byteLength, 4);
});
