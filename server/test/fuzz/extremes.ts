/** Values that break a reader which expects a small number or a word; all of them can be said in JSON. */
export const EXTREMES: readonly unknown[] = [
  ...[0, -0, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, 5e-324],
  ...['', 'NaN', '\u0000', '../..', '__proto__', 'constructor', 'x'.repeat(300)],
  ...[null, true, [], {}, [[]]],
];
