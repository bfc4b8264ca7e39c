import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DensityContours } from './density.ts';
import { EndlessDensity } from './endless-density.ts';

const EACH = 8;
const FRAMES = 344;

/** A contour says which density it is of. */
const contours: Pick<DensityContours, 'from'> = {
  from: (_frame, _classWeights, perSecond) => Promise.resolve(new Float32Array(FRAMES).fill(perSecond)),
};

test('each row of a window has the density that holds there, after thousands of changes, too', async () => {
  const course = new EndlessDensity(contours, { each: EACH, classWeights: [1], density: 0.5 });
  const rows = FRAMES / EACH;
  const wanted = new Map<number, number>([[0, 0.5]]);
  for (let step = 10; step < 20_000; step += 10) {
    const density = 1 + ((step / 10) % 7);
    course.set(step, { classWeights: [1], density });
    wanted.set(step, density);
    if (step % 500 !== 0) continue;
    const origin = step - 15;
    const contour = (await course.contour(origin))!;
    for (let row = 0; row < rows; row++) {
      const holds = Math.min(step, Math.floor((origin + row) / 10) * 10);
      assert.equal(contour[row * EACH], wanted.get(holds), `row ${origin + row}`);
    }
  }
});

test('what is set again from an earlier row takes the place of what was to hold there', async () => {
  const course = new EndlessDensity(contours, { each: EACH, classWeights: [1], density: 1 });
  course.set(20, { classWeights: [1], density: 2 });
  course.set(12, { classWeights: [1], density: 3 });
  const contour = (await course.contour(10))!;
  assert.deepEqual(
    [0, 1, 2, 10, 42].map((row) => contour[row * EACH]),
    [1, 1, 3, 3, 3],
  );
  assert.equal(course.set(30, { classWeights: [1], density: null }), true);
  assert.equal(await course.contour(40), undefined);
});
