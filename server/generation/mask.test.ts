import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Grid } from './code-grid.ts';
import { keepMask } from './mask.ts';

function grid(codebooks: number): Grid {
  const cells = codebooks * 40;
  return {
    rows: codebooks * 4,
    perRow: 10,
    codes: 16,
    codebooks,
    times: 10,
    seconds: 1,
    columnSeconds: 0.1,
    codebookOf: Uint32Array.from({ length: cells }, (_, cell) => Math.floor(cell / 40)),
    frequencyOf: Uint32Array.from({ length: cells }, (_, cell) => Math.floor(cell / 10) % 4),
    timeOf: Uint32Array.from({ length: cells }, (_, cell) => cell % 10),
  };
}

test('what a smaller amount draws anew a larger one does too; 0 is nothing, 1 all', () => {
  const amount = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), amount, amount, fc.nat(), (codebooks, one, other, seed) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)].map((x) =>
        keepMask(grid(codebooks), { amount: x }, seed),
      );
      assert.ok(less!.every((kept, cell) => kept === 1 || more![cell] === 0));
      assert.ok(keepMask(grid(codebooks), { amount: 0 }, seed).every((kept) => kept === 1));
      assert.ok(keepMask(grid(codebooks), { amount: 1 }, seed).every((kept) => kept === 0));
    }),
  );
});

test('detail goes first, codebook by codebook; codebooks and rows are kept whole', () => {
  const kept = (mask: Uint8Array): number[] =>
    [0, 1, 2, 3].map((k) => mask.subarray(k * 40, (k + 1) * 40).filter(Boolean).length);
  assert.deepEqual(kept(keepMask(grid(4), { amount: 0.35 / 3 }, 1)), [40, 40, 40, 0]);
  const half = kept(keepMask(grid(4), { amount: 0.35 / 2 }, 1));
  assert.deepEqual([half[0], half[1], half[3]], [40, 40, 0]);
  assert.ok(half[2]! > 8 && half[2]! < 32);
  assert.deepEqual(kept(keepMask(grid(4), { amount: 0.3500001 }, 1)).slice(1), [0, 0, 0]);
  assert.deepEqual(kept(keepMask(grid(4), { codebooks: 2 }, 1)), [40, 40, 0, 0]);
  assert.deepEqual(kept(keepMask(grid(4), { rows: 6 }, 1)), [40, 20, 0, 0]);
  assert.throws(() => keepMask(grid(4), { codebooks: 5 }, 1), /expected at most 4/);
  assert.throws(() => keepMask(grid(4), { rows: 17 }, 1), /expected at most 16/);
});
