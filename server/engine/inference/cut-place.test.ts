import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutPlaceFrom, fadeOf } from './cut-place.ts';

test('a cut is at the next mel frame, and in the next row where its fade would not end within this one', () => {
  for (const [place, step, frame] of [
    [20, 20, 0],
    [20.01, 20, 1],
    [20.5, 20, 4],
    [20.625, 20, 5],
    [20.63, 21, 0],
    [20.99, 21, 0],
  ] as const)
    assert.deepEqual(cutPlaceFrom(place, 8), { step, frame }, String(place));
});

test('rows that are shorter than a fade are faded over as a whole', () => {
  assert.deepEqual(fadeOf(2), { frames: 2, last: 0 });
  assert.deepEqual(cutPlaceFrom(7.1, 2), { step: 8, frame: 0 });
});
