/** Sheets of files: CSV as RFC 4180 writes it, with a line of names first. */
import type { FileSettings } from '../../protocol/index.ts';

export interface CsvRow {
  name: string;
  clip: string;
  class: string | Record<string, number> | null;
  seed: number | null;
  voice: string | null;
  catId: string;
  fxName: string;
  seconds: number;
  lufs: number | null;
  truePeak: number | null;
  gain: number;
  looped: boolean;
}

const columns = [
  ...['file', 'clip', 'class', 'seed', 'voice', 'catId', 'fxName', 'seconds', 'format', 'rate', 'bits', 'channels'],
  ...['lufs', 'truePeak', 'gain', 'looped'],
];

export function csvText(files: readonly CsvRow[], { format, rate, bits, channels }: FileSettings): string {
  const figure = (value: number | null): string => (value === null ? '' : value.toFixed(2));
  const rows = files.map((file) => [
    ...[file.name, file.clip, classText(file.class), file.seed ?? '', file.voice ?? '', file.catId, file.fxName],
    ...[file.seconds.toFixed(3), format, rate, bits, channels],
    ...[figure(file.lufs), figure(file.truePeak), figure(file.gain), file.looped ? 'yes' : 'no'],
  ]);
  return [columns, ...rows].map((row) => `${row.map((cell) => quoted(String(cell))).join(',')}\r\n`).join('');
}

/** The rows of a CSV by its line of names. Throws where quotes do not end, or a row is longer than that line. */
export function readCsv(text: string): Record<string, string>[] {
  const [names = [], ...rows] = cells(text.replace(/^\ufeff/, ''));
  return rows.map((row, i) => {
    if (row.length > names.length)
      throw new Error(`line ${i + 2} has ${row.length} cells, there are ${names.length} names`);
    return Object.fromEntries(
      row.map((cell, column) => [names[column]!.trim(), cell.trim()]).filter(([, cell]) => cell !== ''),
    );
  });
}

function cells(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let state: 'plain' | 'quoted' | 'after quote' = 'plain';
  const endCell = (): void => {
    row.push(cell);
    cell = '';
    state = 'plain';
  };
  const endRow = (): void => {
    endCell();
    if (row.some((one) => one !== '')) rows.push(row);
    row = [];
  };
  for (const char of text) {
    if (state === 'quoted') {
      if (char === '"') state = 'after quote';
      else cell += char;
    } else if (char === '"') {
      // Two in a row are one that is meant.
      if (state === 'after quote') cell += char;
      state = 'quoted';
    } else if (char === ',') endCell();
    else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (state === 'quoted') throw new Error('a quote does not end');
  endRow();
  return rows;
}

function classText(label: CsvRow['class']): string {
  if (label === null || typeof label === 'string') return label ?? '';
  return Object.entries(label)
    .map(([name, weight]) => `${name}:${Number(weight.toFixed(4))}`)
    .join('+');
}

/** Half-width and full-width beginnings of formulas, also behind spaces, which some spreadsheets skip. */
const FORMULA = /^[\s\p{Zs}\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212|%]/u;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * What begins like a formula is no formula for a spreadsheet; only a plain number goes as it is. Control characters,
 * which may hide such a beginning, go as spaces.
 */
function quoted(text: string): string {
  const cell = text.replace(/\p{Cc}/gu, ' ');
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
