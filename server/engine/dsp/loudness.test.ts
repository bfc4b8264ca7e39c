import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contourOf, normalised } from './loudness.ts';

const spectrum = { nFft: 1024, hop: 256 };

test("a contour is the trainer's", () => {
  const pcm = Float32Array.from({ length: 4000 }, (_, i) =>
    i > 500 ? 0.8 * Math.sin(i * 0.05) * Math.exp(-i / 900) : 0,
  );
  const expected = [
    -37.3425, -17.1975, -12.3065, -13.3809, -15.8422, -18.3128, -20.7835, -23.2542, -25.7248, -28.1955, -30.6661,
    -33.1368, -35.6074, -38.0781, -40.5262,
  ];
  const levels = contourOf(pcm, spectrum);
  assert.equal(levels.length, expected.length);
  for (const [frame, level] of expected.entries())
    assert.ok(Math.abs(levels[frame]! - level) < 1e-3, `frame ${frame}: ${levels[frame]}, expected ${level}`);
});

test('silence is at -90 dB and a full-scale sine at -3', () => {
  assert.deepEqual(new Set(contourOf(new Float32Array(4096), spectrum)), new Set([-90]));
  const sine = Float32Array.from({ length: 8192 }, (_, i) => Math.sin(i * 0.3));
  for (const level of contourOf(sine, spectrum).subarray(3, -3)) assert.ok(Math.abs(level + 3.01) < 0.02);
});

test('levels are scaled for the prior, those beyond the range as its ends', () => {
  assert.deepEqual([...normalised(Float32Array.of(-40, -20, 6, -200))], [0, 1, 2, -2.5]);
});
