/** Sheets as spreadsheets save them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { readSheet } from './csv.ts';

const lines = ['class,seed,fxName', 'DogBark,1,Größe', '', 'Rain,2,"a, ""b"""'];
const expected = [
  { line: 2, cells: { class: 'DogBark', seed: '1', fxName: 'Größe' } },
  { line: 4, cells: { class: 'Rain', seed: '2', fxName: 'a, "b"' } },
];
const utf16 = (text: string, isBig: boolean): Uint8Array => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const with_ = (separator: string): string => lines.map((line) => line.replace(/,(?! )/g, separator)).join('\r\n');

test('commas, semicolons and tabs, each line ending, sep= and UTF-16 give the same rows', () => {
  for (const bytes of [
    ...['\n', '\r\n', '\r'].map((end) => Buffer.from(lines.join(end))),
    ...[';', '\t'].map((separator) => Buffer.from(with_(separator))),
    Buffer.from(`\ufeff${with_(';')}`),
    utf16(with_('\t'), false),
    utf16(with_('\t'), true),
  ])
    assert.deepEqual(readSheet(bytes).rows, expected);
  const said = readSheet(Buffer.from(`sep=;\r\n${with_(';')}`));
  assert.deepEqual(
    said.rows.map(({ line, cells }) => ({ line: line - 1, cells })),
    expected,
  );
});

test('a comma may be in a number where cells are not between commas', () => {
  assert.equal(readSheet(Buffer.from('class;guidance\nRain;1,5\n')).decimalComma, true);
  assert.equal(readSheet(Buffer.from('class,guidance\nRain,"1,5"\n')).decimalComma, false);
});

test('another encoding is refused where it begins, never read as other names', () => {
  assert.throws(
    () => readSheet(Buffer.from('class,fxName\r\nRain,Größe', 'latin1')),
    /^Error: line 2, character 8: not UTF-8/,
  );
  assert.throws(() => readSheet(Buffer.from('class\nRain', 'utf16le')), /UTF-16 without a byte order mark/);
  assert.throws(
    () => readSheet(Uint8Array.of(0xff, 0xfe, 0x41, 0x00, 0x00, 0xd8)),
    /line 1, character 2: not UTF-16LE/,
  );
});

test('what is wrong is said by its line and column of the file', () => {
  assert.throws(() => readSheet(Buffer.from('class\n\nRain\n"a\nb",x')), /^Error: line 4, column 2: there is no name/);
  assert.throws(() => readSheet(Buffer.from('class,seed,class\nRain,1,Rain')), /line 1: two columns are named "class"/);
  assert.throws(() => readSheet(Buffer.from('class\nRain\n"x')), /^Error: line 3: a quote does not end/);
  assert.deepEqual(readSheet(Buffer.from('class;seed;;\nRain;1;;\n')).rows, [
    { line: 2, cells: { class: 'Rain', seed: '1' } },
  ]);
});
