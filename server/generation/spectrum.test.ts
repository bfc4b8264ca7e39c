import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spectrum, spectrumFromText } from '../../protocol/index.ts';
import { binCentres } from '../engine/dsp/mel.ts';
import { card } from '../engine/fixtures.ts';
import type { Voice } from '../voices/voice.ts';
import { specOf } from './followed.ts';
import { spectrumLevels } from './spectrum.ts';

const voice = { card: card('tiny-stacked') as unknown as Record<string, unknown> } as Voice;
const centres = binCentres(specOf(voice));
const levels = (points: unknown): number[] => [...spectrumLevels(spectrum.parse({ points }), voice)];

test('corners are joined over the logarithm of frequency, and the strongest bin is at 0 dB', () => {
  const corners = [
    { hz: 200, level: 10 },
    { hz: 2000, level: -10 },
  ];
  const expected = centres.map((hz) => -20 * Math.min(1, Math.max(0, Math.log10(hz / 200))));
  for (const [bin, level] of levels(corners).entries()) assert.ok(Math.abs(level - expected[bin]!) < 1e-4);
});

test('only the shape counts: a level that all corners share changes nothing', () => {
  const corners = (by: number) => [
    { hz: 100, level: by },
    { hz: 4000, level: by - 30 },
  ];
  for (const [bin, level] of levels(corners(40)).entries())
    assert.ok(Math.abs(level - levels(corners(-12))[bin]!) < 1e-4);
  assert.deepEqual(new Set(levels([{ hz: 50, level: -7 }])), new Set([0]));
});

test('no bin is more than 60 dB below the strongest', () => {
  const steep = levels([
    { hz: 1000, level: 0 },
    { hz: 1001, level: -150 },
  ]);
  assert.equal(Math.min(...steep), -60);
  assert.equal(Math.max(...steep), 0);
});

test('one word is a spectrum: corners, or the id of a clip', () => {
  assert.deepEqual(spectrumFromText('100:-20, 8000:-40.5'), {
    points: [
      { hz: 100, level: -20 },
      { hz: 8000, level: -40.5 },
    ],
  });
  for (const id of ['9f2c4e5d6a7b8190', '100', 'kick']) assert.deepEqual(spectrumFromText(id), { clip: id });
});

for (const [text, place] of [
  ['a,b', 'points.0.hz'],
  ['100,200', 'points.0.level'],
  ['100:-20,loud:0', 'points.1.hz'],
] as const)
  test(`corners that have something else are refused at their place, not looked up as a clip: ${text}`, () => {
    const { error } = spectrum.safeParse(spectrumFromText(text));
    assert.equal(error?.issues[0]?.path.join('.'), place);
  });

for (const [what, told] of Object.entries({
  'no form at all': {},
  'both forms': { points: [{ hz: 100, level: 0 }], clip: 'x' },
  'no corner': { points: [] },
  'a frequency of 0': { points: [{ hz: 0, level: 0 }] },
  'no number': { points: [{ hz: 100, level: Number.NaN }] },
  'frequencies that do not rise': {
    points: [
      { hz: 100, level: 0 },
      { hz: 100, level: -3 },
    ],
  },
  'too many corners': { points: Array.from({ length: 257 }, (_, i) => ({ hz: i + 1, level: 0 })) },
}))
  test(`${what} is refused`, () => assert.equal(spectrum.safeParse(told).success, false));
