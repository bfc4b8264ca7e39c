import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headroom } from './headroom.ts';

function stage() {
  let now = 0;
  const headroom = new Headroom(() => now);
  /** Clips side by side whose parts, of a second each, come after these milliseconds. */
  const make = (arrivals: readonly number[], beside = 1): void => {
    const begun = now;
    const clips = Array.from({ length: beside }, () => headroom.begin());
    for (const [second, ms] of arrivals.entries()) {
      now = begun + ms;
      for (const clip of clips) clip.part(second);
    }
    for (const clip of clips) clip.end(arrivals.length);
  };
  return { headroom, make, pass: (ms: number) => (now += ms) };
}

test('clips that are made in a third of their time may be three at once, less a reserve', () => {
  const { headroom, make } = stage();
  assert.equal(headroom.most, 1);
  make([500, 750, 1000]);
  assert.equal(headroom.most, 2);
  make([200, 400, 600]);
  assert.equal(headroom.most, 2, 'the slowest of the latest counts');
});

test('clips that were made side by side say what one alone costs', () => {
  const { headroom, make } = stage();
  make([800, 1600, 2400, 3200], 4);
  assert.equal(headroom.most, 4);
});

test('a clip whose parts come slower than they sound is held back by what the latest would be late, and a fifth of the time more', () => {
  const { headroom, make } = stage();
  make([100, 1400, 2600]);
  assert.deepEqual(headroom.expected(), { firstMs: 100, leadMs: 2500 * 1.2 - 2000 + 45 });
  make([100, 300, 500]);
  make([100, 300, 500]);
  make([100, 300, 500]);
  make([100, 300, 500]);
  assert.deepEqual(headroom.expected(), { firstMs: 100, leadMs: 0 });
});

test('each clip that is live makes the next one wait longer', () => {
  const { headroom, make } = stage();
  make([100, 600]);
  headroom.begin();
  assert.equal(headroom.live, 1);
  assert.deepEqual(headroom.expected(), { firstMs: 200, leadMs: (1200 - 200) * 1.2 - 1000 + 45 });
});

test('how long a clip is held back follows the pace that its own first part shows', () => {
  const { headroom, make, pass } = stage();
  make([100, 1400]);
  const leadAfter = (ms: number): number => {
    const clip = headroom.begin();
    pass(ms);
    clip.part(0);
    const lead = clip.lead();
    clip.end();
    return lead;
  };
  assert.equal(leadAfter(100), 1300 * 1.2 - 1000 + 45);
  assert.equal(leadAfter(200), 2 * 1300 * 1.2 - 1000 + 45);
  assert.equal(leadAfter(2000), leadAfter(200), 'it may have waited');
  assert.equal(leadAfter(50), 0, 'twice as fast as the one before');
  const crowded = headroom.begin();
  pass(100);
  crowded.part(0);
  headroom.begin();
  assert.equal(crowded.lead(), 2 * 1300 * 1.2 - 1000 + 45, 'another one began');
});

test('while nothing is known the guess follows the first part, too', () => {
  const { headroom, pass } = stage();
  const { firstMs, leadMs } = headroom.expected();
  const leads = [0.1, 0.5, 1].map((share) => {
    const clip = headroom.begin();
    pass(firstMs * share);
    assert.equal(clip.lead(), 0, 'nothing of it is there');
    clip.part(0);
    const lead = clip.lead();
    clip.end();
    return lead;
  });
  assert.deepEqual([leads[0], leads[2]], [0, leadMs]);
  assert.ok(leads[1]! > 0 && leads[1]! < leadMs / 2, `${leads[1]}`);
});

test('what was measured long ago is forgotten, so that a machine that was slow is tried again', () => {
  const { headroom, make, pass } = stage();
  make([100, 9000]);
  const slow = headroom.expected();
  pass(31_000);
  assert.ok(headroom.expected().leadMs < slow.leadMs);
  assert.equal(headroom.most, 1);
});

test('a clip that failed counts as one that is not live any more, and for nothing else', () => {
  const { headroom } = stage();
  const clip = headroom.begin();
  clip.part(0);
  clip.end();
  clip.end();
  assert.equal(headroom.live, 0);
  assert.equal(headroom.most, 1);
});
