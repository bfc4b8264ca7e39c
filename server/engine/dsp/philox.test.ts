import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellUniform, grains, philox, whiteNoise } from './philox.ts';

// Known answers of the authors' Random123 library (kat_vectors, philox4x32 with 10 rounds).
const KNOWN: [string, string, string][] = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
];

const words = (text: string): number[] => text.split(' ').map((word) => Number.parseInt(word, 16));

for (const [counter, key, answer] of KNOWN) {
  test(`philox gives the published answer for counter ${counter.slice(0, 8)}`, () => {
    const block = Uint32Array.from(words(counter));
    const [k0 = 0, k1 = 0] = words(key);
    philox(block, k0, k1);
    assert.deepEqual([...block], words(answer));
  });
}

test('a cell has the same number whatever was asked before', () => {
  const alone = cellUniform(7, 1000);
  for (let cell = 0; cell < 50; cell++) cellUniform(99, cell);
  assert.equal(cellUniform(7, 1000), alone);
});

test('numbers are uniform over cells and over seeds', () => {
  for (const draw of [(i: number) => cellUniform(1, i), (i: number) => cellUniform(i, 3)]) {
    const bins = new Array<number>(64).fill(0);
    const count = 64_000;
    for (let i = 0; i < count; i++) bins[Math.floor(draw(i) * 64)]! += 1;
    const expected = count / 64;
    const chi = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: 99.99 % of fair generators stay below 110.
    assert.ok(chi < 110, `chi-square ${chi}`);
  }
});

test('neighbouring seeds have nothing in common', () => {
  let sum = 0;
  const count = 20_000;
  for (let cell = 0; cell < count; cell++) sum += (cellUniform(5, cell) - 0.5) * (cellUniform(6, cell) - 0.5);
  const correlation = sum / count / (1 / 12);
  assert.ok(Math.abs(correlation) < 0.035, `correlation ${correlation}`);
});

test('noise is white, of variance 1, and the same for a seed whatever its length', () => {
  const noise = whiteNoise(3, 80_000);
  const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;
  assert.ok(Math.abs(mean(noise)) < 0.02);
  assert.ok(Math.abs(mean(noise.map((x) => x * x)) - 1) < 0.03);
  assert.ok(Math.abs(mean(noise.map((x) => x ** 4)) - 3) < 0.3, 'the fourth moment is a Gaussian one');
  for (const lag of [1, 2, 3, 4, 256]) {
    const correlation = mean(noise.subarray(lag).map((x, i) => x * noise[i]!));
    assert.ok(Math.abs(correlation) < 0.02, `${correlation} at lag ${lag}`);
  }
  assert.deepEqual(whiteNoise(3, 1001), noise.slice(0, 1001));
  assert.notDeepEqual(whiteNoise(4, 100), noise.slice(0, 100));
});

test('grains leave the power as it is, and make noise as spiky as rain', () => {
  const length = 400_000;
  const noise = whiteNoise(3, length);
  const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / length;
  for (const [grain, kurtosis] of [
    [0, 3],
    [0.5, 3.5],
    [1, 5],
  ] as const) {
    const gains = grains(3, length, grain);
    assert.ok(Math.abs(mean(gains.map((x) => x * x)) - 1) < 0.02);
    const grainy = noise.map((x, i) => x * gains[i]!);
    const found = mean(grainy.map((x) => x ** 4)) / mean(grainy.map((x) => x * x)) ** 2;
    assert.ok(Math.abs(found - kurtosis) < 0.25, `kurtosis ${found} of grain ${grain}`);
  }
});

test('a grain belongs to its sample, wherever a part begins', () => {
  const whole = grains(7, 4000, 1);
  for (const from of [4, 256, 1000, 3996]) assert.deepEqual(grains(7, 4000 - from, 1, from), whole.slice(from));
  assert.deepEqual(grains(7, 1001, 1), whole.slice(0, 1001));
  assert.notDeepEqual(grains(8, 1001, 1), whole.slice(0, 1001));
});
