/**
 * The little linear algebra that distances need, in float64: eigenvectors of covariances and sums of singular values.
 * Matrices are row after row in one array. Householder reductions and implicit QL as in Golub and Van Loan, Matrix
 * Computations, 8.3 and 8.6: absolute errors stay near 2^-52 times the largest value, small ones included.
 */

/** More turns than any matrix has been seen to need for one value; without them NaN would turn for ever. */
const MAX_TURNS = 60;

/** Beside numbers of about 1: their squares would be lost. */
const NOTHING = 2 ** -500;

export class NumericError extends Error {}

export interface Eigen {
  /** Ascending. */
  values: Float64Array;
  /** [n, n], one eigenvector in each column. */
  vectors: Float64Array;
}

/** Of a symmetric [n, n]; only its lower triangle is read. Throws NumericError for what is not finite. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const { scale, a: v } = ofSizeOne(matrix);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalise(v, d, e, n);
  implicitQl(d, e, n, v);
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let row = 0; row < n; row++) vectors[row * n + to] = v[row * n + from]!;
  });
  return { values: Float64Array.from(order, (i) => d[i]! * scale), vectors };
}

/** The sum of the singular values of [rows, cols]. Throws NumericError for what is not finite. */
export function nuclearNorm(matrix: Float64Array, rows: number, cols: number): number {
  if (rows < cols) return nuclearNorm(transposed(matrix, rows, cols), cols, rows);
  if (cols === 0) return 0;
  const { scale, a } = ofSizeOne(matrix);
  const { diagonal, above } = bidiagonalise(a, rows, cols);
  // The bidiagonal B and its transpose as one tridiagonal matrix with eigenvalues plus and minus each singular value.
  const n = 2 * cols;
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  for (let i = 0; i < cols; i++) {
    e[2 * i] = diagonal[i]!;
    if (i + 1 < cols) e[2 * i + 1] = above[i]!;
  }
  implicitQl(d, e, n, null);
  return (scale * d.reduce((sum, x) => sum + Math.abs(x), 0)) / 2;
}

/** a [n, k] times b [k, m]. */
export function product(a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const to = out.subarray(i * m, (i + 1) * m);
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l]!;
      if (x === 0) continue;
      const from = l * m;
      for (let j = 0; j < m; j++) to[j]! += x * b[from + j]!;
    }
  }
  return out;
}

export function transposed(a: Float64Array, rows: number, cols: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = a[i * cols + j]!;
  return out;
}

/** A copy whose largest number lies between 1 and 2: divided by a power of two, so nothing is rounded. */
function ofSizeOne(matrix: Float64Array): { scale: number; a: Float64Array } {
  let size = 0;
  for (const x of matrix) {
    if (!Number.isFinite(x)) throw new NumericError('a number is not finite');
    size = Math.max(size, Math.abs(x));
  }
  // Below 2^-1000 the power itself could not be had.
  const scale = size < 2 ** -1000 ? 1 : 2 ** Math.floor(Math.log2(size));
  return { scale, a: matrix.map((x) => x / scale) };
}

/** Symmetric v -> its orthogonal reduction in v, diagonal d, and e: e[i] lies between i and i + 1. */
function tridiagonalise(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  const taus = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    // A reflection that leaves of column k, below the diagonal, its first number alone.
    const { tau, beta } = reflector(v, n, k + 1, k, n);
    taus[k] = tau;
    e[k] = beta;
    if (tau === 0) continue;
    const u = (i: number): number => (i === k + 1 ? 1 : v[i * n + k]!);
    let dot = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += (j <= i ? v[i * n + j]! : v[j * n + i]!) * u(j);
      w[i] = tau * sum;
      dot += w[i]! * u(i);
    }
    for (let i = k + 1; i < n; i++) w[i]! -= (tau / 2) * dot * u(i);
    for (let i = k + 1; i < n; i++) for (let j = k + 1; j <= i; j++) v[i * n + j]! -= u(i) * w[j]! + w[i]! * u(j);
  }
  if (n > 1) e[n - 2] = v[(n - 1) * n + n - 2]!;
  for (let i = 0; i < n; i++) d[i] = v[i * n + i]!;
  accumulate(v, taus, n);
}

/** The product of the reflections kept below the subdiagonal of v, in place of them. */
function accumulate(v: Float64Array, taus: Float64Array, n: number): void {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const tau = taus[k]!;
    if (tau === 0) continue;
    for (let j = k + 1; j < n; j++) {
      let sum = q[(k + 1) * n + j]!;
      for (let i = k + 2; i < n; i++) sum += v[i * n + k]! * q[i * n + j]!;
      q[(k + 1) * n + j]! -= tau * sum;
      for (let i = k + 2; i < n; i++) q[i * n + j]! -= tau * sum * v[i * n + k]!;
    }
  }
  v.set(q);
}

/**
 * H = 1 - tau u u^T with u[first] = 1 that turns column `col` of a (row length n), from `first` on, into (beta, 0, ...).
 * The rest of u takes the place of what became 0.
 */
function reflector(
  a: Float64Array,
  n: number,
  first: number,
  col: number,
  rows: number,
): { tau: number; beta: number } {
  const alpha = a[first * n + col]!;
  let largest = 0;
  for (let i = first + 1; i < rows; i++) largest = Math.max(largest, Math.abs(a[i * n + col]!));
  if (largest < NOTHING) {
    for (let i = first + 1; i < rows; i++) a[i * n + col] = 0;
    return { tau: 0, beta: alpha };
  }
  const scale = Math.max(largest, Math.abs(alpha));
  let sum = 0;
  for (let i = first; i < rows; i++) sum += (a[i * n + col]! / scale) ** 2;
  const beta = -Math.sign(alpha || 1) * scale * Math.sqrt(sum);
  for (let i = first + 1; i < rows; i++) a[i * n + col]! /= alpha - beta;
  return { tau: (beta - alpha) / beta, beta };
}

/** a [rows, cols], rows >= cols -> the two diagonals of its bidiagonal form; a is used up. */
function bidiagonalise(a: Float64Array, rows: number, cols: number): { diagonal: Float64Array; above: Float64Array } {
  const diagonal = new Float64Array(cols);
  const above = new Float64Array(Math.max(0, cols - 1));
  const sums = new Float64Array(cols);
  const right = new Float64Array(cols);
  for (let k = 0; k < cols; k++) {
    const { tau, beta } = reflector(a, cols, k, k, rows);
    diagonal[k] = beta;
    if (tau !== 0) {
      // Row by row, since that is how the numbers lie.
      for (let j = k + 1; j < cols; j++) sums[j] = a[k * cols + j]!;
      for (let i = k + 1; i < rows; i++) {
        const u = a[i * cols + k]!;
        for (let j = k + 1; j < cols; j++) sums[j]! += u * a[i * cols + j]!;
      }
      for (let j = k + 1; j < cols; j++) a[k * cols + j]! -= tau * sums[j]!;
      for (let i = k + 1; i < rows; i++) {
        const u = tau * a[i * cols + k]!;
        for (let j = k + 1; j < cols; j++) a[i * cols + j]! -= u * sums[j]!;
      }
    }
    if (k + 1 >= cols) continue;
    for (let j = k + 1; j < cols; j++) right[j] = a[k * cols + j]!;
    const turned = reflector(right, 1, k + 1, 0, cols);
    above[k] = turned.beta;
    if (turned.tau === 0) continue;
    right[k + 1] = 1;
    for (let i = k + 1; i < rows; i++) {
      let sum = 0;
      for (let j = k + 1; j < cols; j++) sum += a[i * cols + j]! * right[j]!;
      sum *= turned.tau;
      for (let j = k + 1; j < cols; j++) a[i * cols + j]! -= sum * right[j]!;
    }
  }
  return { diagonal, above };
}

/** Eigenvalues of the tridiagonal (d, e) into d; the columns of z [n, n] are turned with them. e is used up. */
function implicitQl(d: Float64Array, e: Float64Array, n: number, z: Float64Array | null): void {
  if (n > 0) e[n - 1] = 0;
  // Against the largest of all: a zero diagonal has no neighbours to be small beside.
  let size = 0;
  for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(d[i]!) + Math.abs(e[i]!));
  const tiny = size * 2 ** -54;
  for (let l = 0; l < n; l++) {
    for (let turn = 0; ; turn++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Math.max(tiny, 2 ** -54 * (Math.abs(d[m]!) + Math.abs(d[m + 1]!)))) m++;
      if (m === l) break;
      if (turn >= MAX_TURNS) throw new NumericError('the eigenvalue computation did not converge');
      sweep(d, e, l, m, n, z);
    }
  }
}

/** One implicit QL step with Wilkinson's shift on rows l to m. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number, n: number, z: Float64Array | null): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g < 0 ? -r : r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    if (z !== null) turn(z, n, i, s, c);
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

function turn(z: Float64Array, n: number, column: number, s: number, c: number): void {
  for (let k = column, row = 0; row < n; row++, k += n) {
    const f = z[k + 1]!;
    z[k + 1] = s * z[k]! + c * f;
    z[k] = c * z[k]! - s * f;
  }
}
