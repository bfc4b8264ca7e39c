import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onsetsOf } from './onsets.ts';

const FRAME = 0.01;
/** Events at these seconds, each falling by 60 dB in 0.3 s, over a bed of -80 dB. */
function contour(events: readonly number[], level = -10): Float32Array {
  return Float32Array.from({ length: 400 }, (_, frame) =>
    Math.max(-80, ...events.map((at) => (frame * FRAME < at ? -80 : level - 200 * (frame * FRAME - at)))),
  );
}

test('every event is found once, where it begins', () => {
  const events = [0, 0.5, 1.2, 3.3];
  assert.deepEqual(
    onsetsOf(contour(events), FRAME).map((at) => Math.round(at * 100) / 100),
    events,
  );
});

test('how loud all of it is does not matter, and what is far softer than the loudest event is none', () => {
  assert.equal(onsetsOf(contour([0.5, 1.2], -40), FRAME).length, 2);
  const soft = contour([1], -60).map((level, i) => Math.max(level, contour([2])[i]!));
  assert.deepEqual(onsetsOf(soft, FRAME), [2]);
});

test('a level that rises slowly, and silence, have no events', () => {
  assert.deepEqual(onsetsOf(new Float32Array(400).fill(-90), FRAME).slice(1), []);
  const slow = Float32Array.from({ length: 400 }, (_, frame) => -60 + 0.15 * frame);
  assert.ok(onsetsOf(slow, FRAME).every((at) => at === 0));
});
