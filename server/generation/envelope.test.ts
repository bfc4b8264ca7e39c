import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelope, envelopeFromText, parseArgs } from '../../protocol/index.ts';
import { card } from '../engine/fixtures.ts';
import type { Voice } from '../voices/voice.ts';
import { contourFrom, levelsOf } from './envelope.ts';

const voice = { card: card('tiny-stacked') as unknown as Record<string, unknown> } as Voice;
const at = (told: unknown, seconds: readonly number[]): number[] => {
  const level = levelsOf(envelope.parse(told), voice);
  return seconds.map((one) => Math.round(level(one) * 100) / 100);
};

test('corners are joined by straight lines, and the first and last levels hold', () => {
  const points = [
    { at: 1, level: -60 },
    { at: 2, level: -20 },
    { at: 4, level: -30 },
  ];
  assert.deepEqual(at({ points }, [0, 1, 1.5, 2, 3, 4, 9]), [-60, -60, -40, -20, -25, -30, -30]);
});

test('two corners at one time are a step', () => {
  const points = [
    { at: 0, level: -60 },
    { at: 1, level: -60 },
    { at: 1, level: -10 },
  ];
  assert.deepEqual(at({ points }, [0.99, 1, 1.5]), [-60, -10, -10]);
});

test('a cue begins at once and has faded by 60 dB in its length; the loudest of several counts', () => {
  const cues = [
    { at: 0.5, level: -10, length: 0.6 },
    { at: 0.8, level: -20, length: 0.6 },
  ];
  assert.deepEqual(at({ cues }, [0, 0.49, 0.5, 0.6, 0.8, 1.1, 3]), [-90, -90, -10, -20, -20, -50, -90]);
});

test('levels lie in the middle of equal stretches of time', () => {
  assert.deepEqual(
    at({ levels: [-50, -30, -10], rate: 2 }, [0, 0.25, 0.5, 0.75, 1.25, 5]),
    [-50, -50, -40, -30, -10, -10],
  );
});

test('gain moves every level, within -90 dB and full scale', () => {
  assert.deepEqual(at({ points: [{ at: 0, level: -5 }], gain: 20 }, [0]), [0]);
  assert.deepEqual(at({ points: [{ at: 0, level: -80 }], gain: -20 }, [0]), [-90]);
});

test('a piece of a long clip follows what comes after its beginning', () => {
  const level = levelsOf(
    envelope.parse({
      points: [
        { at: 0, level: -90 },
        { at: 9, level: 0 },
      ],
    }),
    voice,
  );
  const [first, later] = [contourFrom(level, voice, 0), contourFrom(level, voice, 4.5)];
  assert.equal(first.length, 24);
  for (const [frame, one] of first.entries()) assert.ok(Math.abs(later[frame]! - one - 45) < 1e-3);
});

test('one word is an envelope: times of events, corners, or the id of a clip', () => {
  assert.deepEqual(envelopeFromText('0.2, 1.6'), { cues: [{ at: 0.2 }, { at: 1.6 }] });
  assert.deepEqual(envelopeFromText('0:-60,.5:-9'), {
    points: [
      { at: 0, level: -60 },
      { at: 0.5, level: -9 },
    ],
  });
  for (const id of ['9f2c4e5d6a7b8190', '1234567890123456', 'kick'])
    assert.deepEqual(envelopeFromText(id), { clip: id });
});

for (const [text, place] of [
  ['a,b', 'cues.0.at'],
  ['0.2,1e-1', 'cues.1.at'],
  ['0:-60,0.5', 'points.1.level'],
  ['0:-60,half:-9', 'points.1.at'],
  ['0:-60:3', 'points.0.level'],
] as const)
  test(`a list of numbers that has something else is refused at its place, not looked up as a clip: ${text}`, () => {
    const { error } = envelope.safeParse(envelopeFromText(text));
    assert.equal(error?.issues[0]?.path.join('.'), place);
  });

for (const [what, told, at, why] of [
  ['no form at all', {}, '', 'expected one of levels, points, cues, clip, recording'],
  ['two forms', { levels: [-10], clip: 'x' }, '', 'expected one of levels, points, cues, clip, recording'],
  ['a level above full scale', { levels: [1] }, '.levels.0', 'expected a number of at most 0'],
  ['no number', { levels: [-3, Number.NaN] }, '.levels.1', 'expected a number'],
  ['a time without end', { cues: [{ at: Number.POSITIVE_INFINITY }] }, '.cues.0.at', 'expected a number'],
  ['a million levels', { levels: new Array(1_000_000).fill(-10) }, '.levels', 'expected at most 4096 entries'],
  [
    'a million points',
    { points: new Array(1_000_000).fill({ at: 0, level: -10 }) },
    '.points',
    'expected at most 256 entries',
  ],
  ['a time below 0', { cues: [{ at: -1 }] }, '.cues.0.at', 'expected a number of at least 0'],
  [
    'times that go back',
    {
      points: [
        { at: 1, level: -10 },
        { at: 0, level: -10 },
      ],
    },
    '.points',
    'expected rising times',
  ],
  ['a cue without length', { cues: [{ at: 0, length: 0 }] }, '.cues.0.length', 'expected a number above 0'],
  ['a rate without levels', { rate: 10, points: [{ at: 0, level: -10 }] }, '', '`rate` belongs to `levels`'],
  [
    'a format without a recording',
    { recordingFormat: 'f32', clip: 'x' },
    '',
    '`recordingRate` and `recordingFormat` belong to `recording`',
  ],
] as const)
  test(`${what} is refused, with its place and why`, () => {
    const path = `args.envelope${at}`;
    const refused = { code: 'bad_args', path, message: `${path}: ${why}` };
    assert.throws(() => parseArgs('foley.generate', { class: 'Rain', envelope: told }), refused);
    assert.throws(() => parseArgs('stream.start', { class: 'Rain', envelope: told }), refused);
  });
