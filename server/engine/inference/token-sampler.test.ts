import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellUniform } from '../dsp/philox.ts';
import { EngineError } from '../errors.ts';
import { TokenSampler } from './token-sampler.ts';

const options = { temperature: 1, topK: 0, topP: 1 };
const logits = Float32Array.of(0.3, -1, 2, 2, -4, 0.9, -0.2, 1.1);

function softmax(values: Float32Array, temperature = 1): number[] {
  const weights = [...values].map((v) => Math.exp(v / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

/** Pearson's statistic of 40000 draws against the shares expected. */
function chiSquare(tokens: TokenSampler, shares: number[]): number {
  const count = 40_000;
  const hits = shares.map(() => 0);
  for (let i = 0; i < count; i++) hits[tokens.code(logits, cellUniform(11, i))]! += 1;
  return shares.reduce((sum, share, i) => {
    if (share === 0) return sum + (hits[i] === 0 ? 0 : Number.POSITIVE_INFINITY);
    return sum + (hits[i]! - share * count) ** 2 / (share * count);
  }, 0);
}

// 7 degrees of freedom: 99.99 % of fair draws stay below 30.
for (const temperature of [0.5, 1, 2])
  test(`codes are drawn by their probability at temperature ${temperature}`, () => {
    const chi = chiSquare(new TokenSampler(8, { ...options, temperature }), softmax(logits, temperature));
    assert.ok(chi < 30, `chi-square ${chi}`);
  });

test('top-k leaves the k likeliest, in their proportions, ties to the lower code', () => {
  const all = softmax(logits);
  const kept = [2, 3, 7];
  const sum = kept.reduce((a, i) => a + all[i]!, 0);
  const shares = all.map((share, i) => (kept.includes(i) ? share / sum : 0));
  assert.ok(chiSquare(new TokenSampler(8, { ...options, topK: 3 }), shares) < 30);
  const one = new TokenSampler(8, { ...options, topK: 1 });
  for (let i = 0; i < 100; i++) assert.equal(one.code(logits, i / 100), 2);
});

test('top-p leaves the smallest set that reaches p', () => {
  // 2 and 3 have 0.315 each, 7 has 0.128: two reach 0.6, three reach 0.7.
  const drawn = (topP: number): Set<number> => {
    const tokens = new TokenSampler(8, { ...options, topP });
    return new Set(Array.from({ length: 4000 }, (_, i) => tokens.code(logits, i / 4000)));
  };
  assert.deepEqual([...drawn(0.6)].sort(), [2, 3]);
  assert.deepEqual([...drawn(0.7)].sort(), [2, 3, 7]);
  assert.deepEqual([...drawn(1e-9)], [2]);
});

test('top-k and top-p choose exactly as sorting all codes would', () => {
  /** The definition, written down without regard to speed. */
  const naive = (values: Float32Array, topK: number, topP: number, uniform: number): number => {
    const highest = Math.max(...values);
    const weights = [...values].map((value) => Math.exp(value - highest));
    const ranked = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b).slice(0, topK || undefined);
    const whole = ranked.reduce((sum, i) => sum + weights[i]!, 0);
    let reached = 0;
    const kept = ranked.filter((i) => {
      const wanted = reached === 0 || reached < topP * whole;
      if (wanted) reached += weights[i]!;
      return wanted;
    });
    const inOrder = kept.sort((a, b) => a - b);
    const target = uniform * inOrder.reduce((sum, i) => sum + weights[i]!, 0);
    let sum = 0;
    for (const i of inOrder) {
      sum += weights[i]!;
      if (sum > target) return i;
    }
    throw new Error('the uniform number is not below 1');
  };
  // Few different values, so that ties are the rule.
  const value = fc.integer({ min: -6, max: 6 }).map((n) => n / 2);
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 30 }),
      fc.nat(31),
      fc.oneof(fc.constant(1), fc.double({ min: 1e-3, max: 1, noNaN: true })),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (values, topK, topP, uniform) => {
        const given = Float32Array.from(values);
        assert.equal(
          new TokenSampler(given.length, { temperature: 1, topK, topP }).code(given, uniform),
          naive(given, topK, topP, uniform),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test('temperature 0 takes the likeliest, the lower of two', () => {
  assert.equal(new TokenSampler(8, { ...options, temperature: 0 }).code(logits, 0.999), 2);
});

test('a code is always one of those there are, however extreme the logits', () => {
  const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-3.4e38, 3.4e38, 0));
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 40 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      fc.nat(50),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (values, uniform, temperature, topK, topP) => {
        const code = new TokenSampler(values.length, { temperature, topK, topP }).code(
          Float32Array.from(values),
          uniform,
        );
        assert.ok(Number.isInteger(code) && code >= 0 && code < values.length);
      },
    ),
  );
});

test('a logit that is no number fails with a code', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    for (const place of [0, 3, 7]) {
      const broken = logits.slice();
      broken[place] = bad;
      for (const temperature of [0, 1])
        assert.throws(
          () => new TokenSampler(8, { ...options, temperature }).code(broken, 0.5),
          (error) => error instanceof EngineError && error.code === 'engine_failed',
        );
    }
});

test('a code that is impossible is never drawn, and without a possible one the draw fails', () => {
  const impossible = Float32Array.from([-Infinity, 1, -Infinity, 0]);
  const tokens = new TokenSampler(4, options);
  for (let i = 0; i < 100; i++) assert.ok([1, 3].includes(tokens.code(impossible, i / 100)));
  for (const temperature of [0, 1])
    assert.throws(
      () => new TokenSampler(4, { ...options, temperature }).code(new Float32Array(4).fill(-Infinity), 0.5),
      (error) => error instanceof EngineError && error.code === 'engine_failed',
    );
});
