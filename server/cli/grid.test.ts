import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { colourOf, drawLine, linesOf } from './grid.ts';

test('two rows share a line, and an odd last row has its own', () => {
  assert.equal(linesOf(40), 20);
  assert.equal(linesOf(43), 22);
});

test('a line has one half block per column, whatever is filled', () => {
  const cells = new Int32Array(4 * 6).fill(-1);
  cells.set([1, 2, 3, 4, 5, 6], 0);
  for (const deep of [true, false]) {
    assert.equal(stripVTControlCharacters(drawLine(cells, 6, 0, deep)), '▀'.repeat(6));
    assert.equal(stripVTControlCharacters(drawLine(cells, 6, 1, deep)), '▀'.repeat(6));
  }
});

test('the upper row is painted in front and the lower one behind', () => {
  const cells = Int32Array.from([7, 9]);
  const [r, g, b] = colourOf(7);
  const [r2, g2, b2] = colourOf(9);
  assert.ok(drawLine(cells, 1, 0, true).startsWith(`\x1b[38;2;${r};${g};${b}m\x1b[48;2;${r2};${g2};${b2}m▀`));
});

test('an odd last row leaves the ground below it alone', () => {
  assert.match(drawLine(Int32Array.from([1, 2, 3]), 1, 1, true), /\x1b\[49m▀\x1b\[0m$/);
});

test('codes next to each other in number look different', () => {
  for (let code = 0; code < 511; code++) {
    const [a, b] = [colourOf(code), colourOf(code + 1)];
    const apart = Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]);
    assert.ok(apart > 40, `${code}: ${a} and ${b}`);
  }
});
