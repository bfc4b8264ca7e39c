import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Chooser, candidateSeed } from './candidates.ts';

const scored = (score: number, rejected: 'silent' | 'late' | null = null, ...mean: number[]) => {
  return { score, posterior: score, real: null, rejected, mean: Float32Array.from(mean.length > 0 ? mean : [1, 0]) };
};

test('the first candidate is the clip itself, and no two clips of a request share a candidate', () => {
  const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(seed, seed, fc.integer({ min: 1, max: 15 }), (one, other, candidate) => {
      assert.equal(candidateSeed(one, 0), one);
      const own = candidateSeed(one, candidate);
      assert.ok(Number.isInteger(own) && own >= 0 && own < 2 ** 32);
      assert.equal(own === candidateSeed(other, candidate), one === other);
    }),
  );
});

test('the best is chosen; one that is silent or late only where nothing else is left', () => {
  const chosen = (...all: ReturnType<typeof scored>[]): number => new Chooser().choose(all).index;
  assert.equal(chosen(scored(-3), scored(-1), scored(-2)), 1);
  assert.equal(chosen(scored(-3), scored(0, 'late'), scored(0, 'silent')), 0);
  assert.equal(chosen(scored(0, 'silent'), scored(-9, 'late')), 1);
});

test('a clip that is like one chosen before is rejected, and so is one like a clip that was there', () => {
  const chooser = new Chooser([Float32Array.of(0, 1)]);
  const first = chooser.choose([scored(-1, null, 1, 0), scored(0, null, 0.01, 2)]);
  assert.deepEqual([first.index, first.scores.map(({ rejected }) => rejected)], [0, [null, 'alike']]);
  const second = chooser.choose([scored(0, null, 3, 0.1), scored(-5, null, 1, 1)]);
  assert.deepEqual([second.index, second.scores[0]!.rejected], [1, 'alike']);
});
