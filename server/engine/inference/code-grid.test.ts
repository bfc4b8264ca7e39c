import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Axis, type GridShape, gridProblem } from '../../cards/grid.ts';
import { GridAxes } from './code-grid.ts';

const latent = { codebooks: 4, codes: 512, frequency: 10, time: 43 };
const grid = (rowAxes: Axis[], colAxes: Axis[], rows: number, cols: number): GridAxes =>
  new GridAxes({ latent, grid: { rows, cols, rowAxes, colAxes } });

/** Cells of time and frequency, each with the codes of all codebooks. */
const stackedShape = {
  rows: 43,
  cols: 10,
  rowAxes: ['time'],
  colAxes: ['frequency'],
  depthAxes: ['codebook'],
} satisfies GridShape;
const stacked = new GridAxes({ latent, grid: stackedShape });
const paper = grid(['codebook', 'frequency'], ['time'], 40, 43);
const timeMajor = grid(['time'], ['codebook', 'frequency'], 43, 40);
const numbered = Uint16Array.from({ length: 1720 }, (_, i) => i);

test('the paper grid is the latent itself, codebook after codebook', () => {
  assert.deepEqual([...paper.toLatent(numbered)].map(Number), [...numbered]);
});

test('previews of the paper grid are due after rows 10, 20 and 30', () => {
  assert.deepEqual(
    [...paper.previewRows()],
    [
      [9, 1],
      [19, 2],
      [29, 3],
    ],
  );
});

test('a time-major grid has no early codebook, but its beginning can be heard', () => {
  for (const one of [timeMajor, stacked]) {
    assert.deepEqual([...one.previewRows()], []);
    const due = [...one.timePreviewRows()];
    assert.deepEqual(
      due,
      [11, 22, 33].map((times) => [times - 1, times]),
    );
  }
  assert.deepEqual([...paper.timePreviewRows()], []);
  const [beginning, all] = [stacked.toLatent(numbered, { codebooks: 4, times: 11 }), stacked.toLatent(numbered)];
  assert.deepEqual(
    beginning,
    all.map((code, i) => (i % 43 < 11 ? code : 512n)),
  );
  assert.equal(timeMajor.completeAfter(41), 0);
  assert.equal(timeMajor.completeAfter(42), 4);
});

test('a time-major grid turns into the latent by its axes', () => {
  const codes = timeMajor.toLatent(numbered);
  // Codebook 2, frequency 7, time 30 lies in row 30, column 2 * 10 + 7.
  assert.equal(Number(codes[(2 * 10 + 7) * 43 + 30]), 30 * 40 + 27);
});

test('a cell of several codes holds them one after the other', () => {
  assert.deepEqual([stacked.rows, stacked.cols, stacked.depth, stacked.perRow], [43, 10, 4, 40]);
  const codes = stacked.toLatent(numbered);
  // Codebook 2, frequency 7, time 30 is code 2 of the cell in row 30, column 7.
  assert.equal(Number(codes[(2 * 10 + 7) * 43 + 30]), 30 * 40 + 7 * 4 + 2);
  assert.deepEqual([...stacked.fromLatent(codes)], [...numbered]);
  const at = 30 * 40 + 7 * 4 + 2;
  const of = [stacked.codebookOfCodes(), stacked.frequencyOfCodes(), stacked.timeOfCodes()].map((all) => all[at]);
  assert.deepEqual(of, [2, 7, 30]);
  assert.deepEqual([paper.depth, paper.perRow], [1, 43]);
});

test('a grid must name each axis once, and be as large as they are', () => {
  assert.equal(gridProblem(latent, stackedShape), null);
  assert.match(gridProblem(latent, { ...stackedShape, depthAxes: [] })!, /once each/);
  assert.match(gridProblem(latent, { ...stackedShape, depthAxes: ['codebook', 'time'] })!, /once each/);
  assert.match(gridProblem(latent, { ...stackedShape, rows: 44 })!, /product/);
  assert.match(gridProblem({ ...latent, codebooks: 40_000 }, stackedShape)!, /too large/);
});

test('levels beyond those asked for are absent', () => {
  const codes = timeMajor.toLatent(numbered, { codebooks: 2 });
  assert.ok(codes.slice(2 * 430).every((code) => code === 512n));
  assert.ok(codes.slice(0, 2 * 430).every((code, i) => i === 0 || code !== 0n));
});
