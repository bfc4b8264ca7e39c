import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSettings } from '../../protocol/index.ts';
import { readCsv } from '../test/support/csv.ts';
import { type CsvRow, csvText } from './csv.ts';

const settings = { format: 'wav', rate: 48_000, bits: 24, channels: 1 } as FileSettings;
const row: CsvRow = {
  name: 'a.wav',
  clip: '0',
  class: 'Rain',
  seed: 1,
  voice: 'v',
  catId: 'RAIN',
  fxName: 'rain',
  seconds: 1,
  lufs: -23,
  truePeak: -1.5,
  gain: -2,
  looped: false,
};
const written = (fxName: string): string => readCsv(csvText([{ ...row, fxName }], settings))[0]!.fxName!;

test('what a spreadsheet may take for a formula goes as text, only plain numbers as they are', () => {
  const formulas = [
    '=1',
    '+1',
    '-1+1',
    "-2+3+cmd|' /C calc'!A0",
    '@SUM(1)',
    '|x',
    '\uff1d1',
    '\uff0b1',
    '\uff0d1',
    '\uff20a',
  ];
  for (const text of [...formulas, '-', '--1', '\u22121', '\u00a0=1', '\u200b=1', '-1e5'])
    assert.equal(written(text), `'${text}`.trim(), JSON.stringify(text));
  for (const text of ['-23.00', '0', '-5', 'rain - soft', 'a=b']) assert.equal(written(text), text);
});

test('control characters become spaces: none may hide the beginning of a formula', () => {
  for (const control of ['\t', '\r', '\n', '\u0000', '\u001b', '\u0085'])
    assert.equal(written(`${control}=1`), "' =1", JSON.stringify(control));
  assert.equal(written('two\nlines'), 'two lines');
});
