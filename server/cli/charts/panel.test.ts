import assert from 'node:assert/strict';
import test from 'node:test';
import { lineChart } from './panel.ts';
import { ticksTo } from './svg.ts';

const place = { title: 't', width: 100, height: 100, from: 0, to: 10, ticks: [] };
const numbers = (text: string): number[] => text.split(/[ ,]/).map(Number);

test('a line is straight where its values are, from 0 at the bottom, and its interval spans low to high', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 5, y: 10 },
    { x: 10, y: 20, low: 10, high: 20 },
  ];
  const svg = lineChart({ ...place, series: [{ colour: 'red', points }] });
  const [x0, y0, x1, y1, x2, y2] = numbers(/<polyline points="([^"]*)"/.exec(svg)![1]!);
  assert.deepEqual([x1! - x0!, x2! - x1!], [50, 50]);
  assert.deepEqual([y0! - y1!, y1! - y2!], [50, 50]);
  const [, low, high] = /<line x1="[^"]*" x2="[^"]*" y1="([^"]*)" y2="([^"]*)" stroke="red"/.exec(svg)!;
  assert.deepEqual([Number(low), Number(high)], [y1, y2]);
});

test('ticks are round numbers from 0 to the highest value', () => {
  assert.deepEqual(ticksTo(89), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticksTo(0.9), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  for (const most of [0, 1e-7, 1, 3.3, 24, 26, 1e9]) {
    const ticks = ticksTo(most);
    assert.ok(ticks.at(-1)! >= most && ticks.length >= 3 && ticks.length <= 7, `${most}: ${ticks}`);
  }
  assert.ok(ticksTo(Number.NaN).every(Number.isFinite));
});
