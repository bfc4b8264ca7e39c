import assert from 'node:assert/strict';
import test from 'node:test';
import { DriftFilter, SteadyClock, toFrame, toMs, WallClock } from './clock.ts';

/** A small generator with a seed (Numerical Recipes). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const ppm of [-200, 0, 35, 300]) {
  test(`an output that runs ${ppm} ppm off is followed through jittering readings`, () => {
    const draw = random(ppm + 1000);
    const perMs = 48 * (1 + ppm / 1e6);
    const filter = new DriftFilter(48_000);
    let mapping = filter.observe(1e12, 0);
    for (let ms = 20; ms <= 240_000; ms += 20) {
      mapping = filter.observe(1e12 + ms, (ms - 2.6 * draw()) * perMs);
    }
    const there = toFrame(mapping, 1e12 + 240_500);
    // The readings are 1.3 ms too small on average, as a clock that moves in steps is.
    assert.ok(Math.abs(there - (240_500 - 1.3) * perMs) < 0.3 * 48, String(there));
    assert.ok(Math.abs(mapping.framesPerMs / perMs - 1) < 100e-6, String(mapping.framesPerMs));
    assert.equal(filter.steps, 0);
  });
}

test('a step of the clock is taken at once, and to and fro is the same', () => {
  const filter = new DriftFilter(44_100);
  filter.observe(0, 0);
  filter.observe(1000, 44_100);
  const mapping = filter.observe(1_000_000, 88_200);
  assert.equal(filter.steps, 1);
  assert.equal(toFrame(mapping, 1_000_000), 88_200);
  assert.ok(Math.abs(toMs(mapping, toFrame(mapping, 1_000_123.25)) - 1_000_123.25) < 1e-6);
});

test('the wall clock has fractions, and follows the date when it is corrected', () => {
  let real = 1e12 + 0.7;
  let steady = 500;
  const clock = new WallClock(
    () => Math.floor(real),
    () => steady,
  );
  for (let i = 0; i < 200; i++) {
    real += 7.313;
    steady += 7.313;
    clock.now();
  }
  assert.ok(Math.abs(clock.now() - real) < 0.1);
  real += 5000;
  assert.ok(Math.abs(clock.now() - real) < 1.1);
});

test('a steady clock goes on when the date is set, and tells times by the date as it is now', () => {
  let steady = 500;
  let set = 0;
  const clock = new SteadyClock(undefined, { now: () => 1e12 + steady + set }, () => steady);
  const at = clock.now() + 3000;
  assert.equal(at, 1e12 + 3500);
  for (set of [0, 86_400_000, -86_400_000, 0.25]) {
    steady += 100;
    assert.equal(clock.now(), 1e12 + steady);
    assert.deepEqual([clock.dateOf(at), clock.ofDate(at + set)], [at + set, at]);
  }
  const other = new SteadyClock(clock.origin, { now: () => 0 }, () => steady);
  assert.equal(other.now(), clock.now());
});
