import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CutPace } from './cut-pace.ts';

function paced(t: TestContext): { pace: CutPace; pass: (ms: number) => void; cut: (...tookMs: number[]) => void } {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const pace = new CutPace();
  const pass = (ms: number): void => {
    now += ms;
  };
  return {
    pace,
    pass,
    /** Its sounds come after so long, one step of 100 ms after the other. */
    cut: (...tookMs) => {
      pace.begin();
      const begun = now;
      for (const [i, took] of tookMs.entries()) {
        now = begun + took;
        pace.sounds(100 * i);
      }
    },
  };
}

test('before anything sounded no cut can be in time, and what comes first says how long one takes', (t) => {
  const { pace, cut } = paced(t);
  assert.equal(pace.expectedMs, Number.POSITIVE_INFINITY);
  cut(120);
  assert.equal(pace.expectedMs, 145);
  assert.equal(pace.isResting, false);
});

test('a slow cut counts at once and is forgotten by degrees; one that could not be tried makes the next likelier', (t) => {
  const { pace, cut } = paced(t);
  cut(100);
  cut(200);
  assert.equal(pace.expectedMs, 225);
  cut(100);
  assert.equal(pace.expectedMs, 210);
  pace.forget();
  assert.ok(pace.expectedMs < 210 && pace.expectedMs > 190);
});

test('sound behind a cut that comes later than it is due counts as the cut', (t) => {
  const { pace, cut } = paced(t);
  cut(100);
  cut(100, 190);
  assert.equal(pace.expectedMs, 125);
  cut(100, 230);
  assert.equal(pace.expectedMs, 155);
});

test('a cut rests for as long as it took, and none begins while one is made', (t) => {
  const { pace, pass, cut } = paced(t);
  cut(100);
  pace.begin();
  assert.equal(pace.isResting, true);
  pass(80);
  pace.sounds(0);
  pass(79);
  assert.equal(pace.isResting, true);
  pass(1);
  assert.equal(pace.isResting, false);
});
