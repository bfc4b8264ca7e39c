/** CSV (RFC 4180) with a header line: the sheet of delivered files is written; sheets of markers and clips are read. */
import { type FileSettings, mixText } from '../../protocol/index.ts';

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
  /** Of a file that was put on a timeline: seconds. */
  placed?: { at: number; start: number; offset: number } | undefined;
}

const columns = [
  ...['file', 'clip', 'class', 'seed', 'voice', 'catId', 'fxName', 'seconds', 'format', 'rate', 'bits', 'channels'],
  ...['lufs', 'truePeak', 'gain', 'looped'],
];

export function csvText(files: readonly CsvRow[], { format, rate, bits, channels }: FileSettings): string {
  const figure = (value: number | null): string => (value === null ? '' : value.toFixed(2));
  const isPlaced = files.some(({ placed }) => placed !== undefined);
  const places = (placed: CsvRow['placed']): string[] =>
    [placed?.at, placed?.start, placed?.offset].map((seconds) => seconds?.toFixed(6) ?? '');
  const rows = files.map((file) => [
    ...[file.name, file.clip, classText(file.class), file.seed ?? '', file.voice ?? '', file.catId, file.fxName],
    ...[file.seconds.toFixed(3), format, rate, bits, channels],
    ...[figure(file.lufs), figure(file.truePeak), figure(file.gain), file.looped ? 'yes' : 'no'],
    ...(isPlaced ? places(file.placed) : []),
  ]);
  return [[...columns, ...(isPlaced ? ['at', 'start', 'offset'] : [])], ...rows]
    .map((row) => `${row.map((cell) => quoted(String(cell))).join(',')}\r\n`)
    .join('');
}

/** A row of a sheet, by the names of its columns, and the line of the file that it begins in. */
export interface SheetRow {
  line: number;
  cells: Record<string, string>;
}

export interface Sheet {
  rows: SheetRow[];
  names: string[];
  decimalComma: boolean;
}

/**
 * The rows of a sheet as spreadsheets save it: UTF-8 or, with its mark, UTF-16; cells between commas, semicolons or
 * tabs; lines that end with LF, CR LF or CR. `decimalComma`: cells are not between commas, so that a comma may be in a
 * number. Throws where the text is of another encoding, quotes do not end, or a row is longer than the line of names.
 */
export function readSheet(bytes: Uint8Array): Sheet {
  return readSheetText(sheetText(bytes));
}

/** As `readSheet`, of text that was decoded. */
export function readSheetText(text: string): Sheet {
  const said = /^"?sep=([^\r\n"])"?(\r\n|\r|\n)/i.exec(text);
  const separator = said?.[1] ?? separatorOf(text);
  const [head, ...rows] = cells(said === null ? text : text.slice(said[0].length), separator, said === null ? 1 : 2);
  const names = (head?.row ?? []).map((name) => name.trim());
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(`line ${head!.line}: two columns are named ${JSON.stringify(twice.slice(0, 40))}`);
  return {
    names,
    decimalComma: separator !== ',',
    rows: rows.map(({ row, line }) => {
      const extra = row.findIndex((cell, column) => column >= names.length && cell.trim() !== '');
      if (extra >= 0)
        throw new Error(
          `line ${line}, column ${extra + 1}: there is no name for it; line ${head!.line}, which names the columns, has ${names.length}`,
        );
      const known = names.map((name, column) => [name, (row[column] ?? '').trim()] as const);
      return { line, cells: Object.fromEntries(known.filter(([, cell]) => cell !== '')) };
    }),
  };
}

/** The text of a sheet, or of another list of lines. Throws where its encoding would have to be guessed. */
export function sheetText(bytes: Uint8Array): string {
  const mark = `${bytes[0]} ${bytes[1]}`;
  if (mark === '255 254' || mark === '254 255') return decoded(bytes, mark === '255 254' ? 'utf-16le' : 'utf-16be');
  if (bytes.includes(0))
    throw new Error('not UTF-8 text, or UTF-16 without a byte order mark; save the sheet as "CSV UTF-8"');
  return decoded(bytes, 'utf-8');
}

/** An encoding that we would only guess makes other names of names: then nothing is read. */
function decoded(bytes: Uint8Array, encoding: 'utf-8' | 'utf-16le' | 'utf-16be'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const before = new TextDecoder(encoding).decode(bytes).split('\ufffd', 1)[0]!;
    const lines = before.split(/\r\n|\r|\n/);
    const place = `line ${lines.length}, character ${lines.at(-1)!.length + 1}`;
    throw new Error(`${place}: not ${encoding.toUpperCase()}; save the sheet as "CSV UTF-8"`);
  }
}

/** What the line of names has most of, outside of quotes. */
function separatorOf(text: string): string {
  const head =
    text
      .replace(/"[^"]*"/g, '')
      .replace(/^[\r\n]+/, '')
      .split(/[\r\n]/, 1)[0] ?? '';
  const count = (char: string): number => head.split(char).length;
  return [',', ';', '\t'].reduce((best, char) => (count(char) > count(best) ? char : best));
}

function cells(text: string, separator: string, first: number): { row: string[]; line: number }[] {
  const rows: { row: string[]; line: number }[] = [];
  let row: string[] = [];
  let [line, begin, previous] = [first, first, ''];
  let cell = '';
  let state: 'plain' | 'quoted' | 'after quote' = 'plain';
  const endCell = (): void => {
    row.push(cell);
    cell = '';
    state = 'plain';
  };
  const endRow = (): void => {
    endCell();
    if (row.some((one) => one !== '')) rows.push({ row, line: begin });
    row = [];
  };
  for (const char of text) {
    const isBreak = char === '\r' || (char === '\n' && previous !== '\r');
    if (isBreak) line += 1;
    const isSecond = char === '\n' && previous === '\r';
    previous = char;
    if (state === 'quoted') {
      if (char === '"') state = 'after quote';
      else cell += char;
    } else if (char === '"') {
      // Two in a row are one that is meant.
      if (state === 'after quote') cell += char;
      state = 'quoted';
    } else if (char === separator) endCell();
    else if (isBreak) {
      endRow();
      begin = line;
    } else if (isSecond) begin = line;
    else cell += char;
  }
  if (state === 'quoted') throw new Error(`line ${begin}: a quote does not end`);
  endRow();
  return rows;
}

function classText(label: CsvRow['class']): string {
  if (label === null || typeof label === 'string') return label ?? '';
  return mixText(label, (weight) => Number(weight.toFixed(4)));
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
