import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumericError, nuclearNorm, product, symmetricEigen, transposed } from './linear-algebra.ts';

const number = fc.double({ min: -10, max: 10, noNaN: true });
/** Some rows twice, some scaled down a lot: ranks and sizes as covariances have them. */
const matrix = fc.integer({ min: 1, max: 12 }).chain((n) => {
  const row = fc.tuple(fc.array(number, { minLength: n, maxLength: n }), fc.constantFrom(1, 1, 1e-8, 0));
  const rows = fc.array(row, { minLength: 1, maxLength: 15 });
  return rows.map((all) => ({
    rows: all.length,
    n,
    x: Float64Array.from(all.flatMap(([r, s]) => r.map((v) => v * s))),
  }));
});

function largest(values: Iterable<number>): number {
  let most = 0;
  for (const x of values) most = Math.max(most, Math.abs(x));
  return most;
}

test('eigenvectors put a symmetric matrix together again, and are orthogonal', () => {
  fc.assert(
    fc.property(matrix, ({ rows, n, x }) => {
      const a = product(transposed(x, rows, n), x, n, rows, n);
      const { values, vectors } = symmetricEigen(a, n);
      const scaled = vectors.map((v, i) => v * values[i % n]!);
      const back = product(scaled, transposed(vectors, n, n), n, n, n);
      const unit = product(transposed(vectors, n, n), vectors, n, n, n);
      assert.ok(largest(back.map((v, i) => v - a[i]!)) <= 1e-13 * n * Math.max(1e-280, largest(a)));
      assert.ok(largest(unit.map((v, i) => v - (i % (n + 1) === 0 ? 1 : 0))) < 1e-13 * n);
      assert.deepEqual(
        [...values],
        [...values].sort((p, q) => p - q),
      );
    }),
  );
});

test('singular values sum to what the eigenvalues of the square say, for tall and wide matrices', () => {
  fc.assert(
    fc.property(matrix, ({ rows, n, x }) => {
      const { values } = symmetricEigen(product(transposed(x, rows, n), x, n, rows, n), n);
      const expected = values.reduce((sum, v) => sum + Math.sqrt(Math.max(0, v)), 0);
      // The square loses half of the digits of small values: the bound is that of the eigenvalues.
      const bound = 1e-6 * n * Math.sqrt(Math.max(1e-300, largest(values)));
      assert.ok(Math.abs(nuclearNorm(x, rows, n) - expected) <= bound);
      assert.ok(Math.abs(nuclearNorm(transposed(x, rows, n), n, rows) - expected) <= bound);
    }),
  );
});

test('known singular values come back to the last digits, however unlike they are', () => {
  const n = 20;
  const known = Float64Array.from({ length: n }, (_, i) => 10 ** -i);
  const turns = [3, 5].map((seed) => {
    const x = Float64Array.from({ length: n * n }, (_, i) => Math.sin(seed * (i + 1) ** 2));
    return symmetricEigen(product(x, transposed(x, n, n), n, n, n), n).vectors;
  }) as [Float64Array, Float64Array];
  const middle = turns[0].map((v, i) => v * known[i % n]!);
  const sum = known.reduce((all, x) => all + x, 0);
  assert.ok(Math.abs(nuclearNorm(product(middle, turns[1], n, n, n), n, n) - sum) < 1e-14 * sum);
});

test('what is not finite is refused and does not turn for ever', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => symmetricEigen(Float64Array.of(1, bad, bad, 1), 2), NumericError);
    assert.throws(() => nuclearNorm(Float64Array.of(1, bad, 2, 1), 2, 2), NumericError);
  }
});
