/** How much of a stream is rendered together: short parts for one that is followed closely, long ones where there is time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card as cardOf } from '../fixtures.ts';
import { GridAxes } from './code-grid.ts';
import { endlessPlanOf, rowsAfterCut, rowsOfStreamPart } from './endless-plan.ts';

const tiny = cardOf('tiny-stacked');
/** As the default voice's: eight frames a row, 92.9 ms. */
const card = {
  ...tiny,
  latent: { ...tiny.latent, time: 43 },
  mel: { ...tiny.mel, frames: 344, hop: 256 },
  grid: { ...tiny.grid!, rows: 43 },
};
const reach = { decoder: 42, excitation: 15, vocoder: 23, behind: 5 };
const planOf = (seconds?: number) => endlessPlanOf({ card, axes: new GridAxes(card), reach }, seconds);

test('a part is as long as the seconds it is given allow, and one row at least', () => {
  for (const [seconds, rows] of [
    [0.06, 1],
    [0.12, 1],
    [0.24, 2],
    [0.6, 6],
    // Of seven and eight rows two threads would make other bits than one.
    [0.7, 6],
    [0.8, 6],
    [0.9, 9],
    [1.2, 12],
    [6, 18],
  ] as const)
    assert.equal(planOf(seconds).chunk, rows, `${seconds} s`);
  assert.equal(planOf().chunk, 6);
});

test('parts of a stream grow, so that none is awaited while the one before it sounds', () => {
  const rows = (seconds: number): number[] =>
    Array.from({ length: 6 }, (_, part) => rowsOfStreamPart(part, planOf(seconds)));
  assert.deepEqual(rows(0.1), [3, 1, 1, 1, 1, 1]);
  assert.deepEqual(rows(0.6), [3, 4, 6, 6, 6, 6]);
  assert.deepEqual(rows(6), [3, 4, 6, 12, 18, 18]);
});

test('after a cut parts begin small, with another row where little of the first is heard', () => {
  const rows = (frame: number): number[] =>
    Array.from({ length: 6 }, (_, part) => rowsAfterCut(part, planOf(1.2), { frame }));
  assert.deepEqual(rows(0), [1, 1, 2, 4, 6, 12]);
  assert.deepEqual(rows(3), [1, 1, 2, 4, 6, 12]);
  assert.deepEqual(rows(4), [2, 1, 2, 4, 6, 12]);
  assert.equal(rowsAfterCut(0, planOf(0.1), { frame: 5 }), 1);
});
