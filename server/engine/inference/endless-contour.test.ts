import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DensityContours } from './density.ts';
import { EndlessContour } from './endless-contour.ts';

const EACH = 8;
const FRAMES = 344;
const of = { each: EACH, frames: FRAMES };

/** A contour says which density it is of. */
const contours: Pick<DensityContours, 'from'> = {
  from: (_frame, _classWeights, perSecond) => Promise.resolve(new Float32Array(FRAMES).fill(perSecond)),
};

test('each row of a window has the density that holds there, after thousands of changes, too', async () => {
  const course = new EndlessContour(contours, of, { classWeights: [1], density: 0.5 });
  const rows = FRAMES / EACH;
  const wanted = new Map<number, number>([[0, 0.5]]);
  for (let step = 10; step < 20_000; step += 10) {
    const density = 1 + ((step / 10) % 7);
    course.set(step, { classWeights: [1], density });
    wanted.set(step, density);
    if (step % 500 !== 0) continue;
    const origin = step - 15;
    const contour = (await course.window(origin))!;
    for (let row = 0; row < rows; row++) {
      const holds = Math.min(step, Math.floor((origin + row) / 10) * 10);
      assert.equal(contour[row * EACH], wanted.get(holds), `row ${origin + row}`);
    }
  }
});

test('what is set again from an earlier row takes the place of what was to hold there', async () => {
  const course = new EndlessContour(contours, of, { classWeights: [1], density: 1 });
  course.set(20, { classWeights: [1], density: 2 });
  course.set(12, { classWeights: [1], density: 3 });
  const contour = (await course.window(10))!;
  assert.deepEqual(
    [0, 1, 2, 10, 42].map((row) => contour[row * EACH]),
    [1, 1, 3, 3, 3],
  );
  assert.equal(course.set(30, { classWeights: [1], density: null }), true);
  assert.equal(await course.window(40), undefined);
});

test('levels are followed from the row on that they were given for, the last of them on and on, whatever the class', async () => {
  const levels = Float32Array.from({ length: 3 * EACH }, (_, frame) => 0 - frame);
  const course = new EndlessContour(contours, of, { classWeights: [1], levels });
  const at = async (origin: number, row: number): Promise<number> => (await course.window(origin))![row * EACH]!;
  assert.deepEqual([await at(0, 1), await at(1, 0), await at(2, 5), await at(4000, 0)], [-8, -8, -23, -23]);
  assert.equal(course.set(5, { classWeights: [0, 1] }), false);
  const later = levels.map((level) => level - 40);
  assert.equal(course.set(6, { classWeights: [0, 1], levels: later }), true);
  assert.deepEqual([await at(4, 1), await at(4, 2), await at(4, 3), await at(8, 9)], [-23, -40, -48, -63]);
  // A density takes their place, and none.
  course.set(10, { classWeights: [0, 1], density: 3 });
  assert.deepEqual([await at(8, 1), await at(8, 2)], [-63, 3]);
  course.set(20, { classWeights: [0, 1], density: null });
  assert.equal(await course.window(20), undefined);
  course.set(30, { classWeights: [0, 1], levels });
  assert.deepEqual([await at(30, 0), await at(30, 1)], [0, -8]);
});
