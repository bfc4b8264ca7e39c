import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barChart } from './bars.ts';

test('ten times the seconds is one step of the axis further, and labels are text', () => {
  const svg = barChart(
    [
      { label: 'a < b & c', value: 0.1 },
      { label: 'one', value: 1 },
      { label: 'ten', value: 10 },
    ],
    'here',
  );
  const widths = [...svg.matchAll(/<rect x="\d+" y="[\d.]+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  assert.equal(widths.length, 3);
  assert.ok(Math.abs(widths[2]! - widths[1]! - (widths[1]! - widths[0]!)) < 0.2 || widths[0] === 1);
  assert.ok(widths[2]! > widths[1]! && widths[1]! > widths[0]!);
  assert.ok(svg.includes('a &lt; b &amp; c'));
});

test('no results make an empty chart', () => {
  assert.match(barChart([], 'nothing'), /^<svg .*<\/svg>\n$/s);
});
