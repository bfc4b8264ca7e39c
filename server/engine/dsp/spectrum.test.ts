import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card } from '../fixtures.ts';
import { averageSpectrum } from './spectrum.ts';

const { audio, mel } = card('tiny-stacked');
const spec = { ...mel, rate: audio.rate };

/** Two sines, the second one only in the second half: 0.5 s. */
const sound = Float32Array.from({ length: 11_025 }, (_, i) => {
  const sine = (hz: number): number => Math.sin((2 * Math.PI * hz * i) / 22_050);
  return 0.5 * sine(300) + (i < 5512 ? 0 : 0.05 * sine(5000));
});

/** Bins and levels by the trainer's features/spectrum.py. */
const EXPECTED = [
  [0, -33.261],
  [3, -30.297],
  [7, 0],
  [8, -9.855],
  [10, -31.064],
  [30, -56.297],
  [67, -44.585],
  [68, -35.624],
  [79, -60],
] as const;

test('the average spectrum is that of the trainer', () => {
  const levels = averageSpectrum(sound, spec);
  for (const [bin, expected] of EXPECTED)
    assert.ok(Math.abs(levels[bin]! - expected) < 0.01, `bin ${bin}: ${levels[bin]}`);
  assert.equal(Math.max(...levels), 0);
});

test('how loud a sound is does not change its average spectrum where it lies above the floor of the mel', () => {
  const [loud, soft] = [1, 0.5].map((gain) =>
    averageSpectrum(
      sound.map((x) => x * gain),
      spec,
    ),
  );
  for (const [bin, level] of loud!.entries()) if (level > -40) assert.ok(Math.abs(level - soft![bin]!) < 0.05);
});
