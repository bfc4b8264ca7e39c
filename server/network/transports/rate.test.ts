import assert from 'node:assert/strict';
import test from 'node:test';
import { RateLimit } from './rate.ts';

test('a burst passes, then as many as the time allows, and each kind has its own', () => {
  let now = 0;
  const limit = new RateLimit(3, 2, 10, () => now);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [true, true, true, false],
  );
  assert.equal(limit.take('b'), true);
  now = 1000;
  assert.deepEqual(
    [1, 2, 3].map(() => limit.take('a')),
    [true, true, false],
  );
  now = 1e9;
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [true, true, true, false],
  );
});
