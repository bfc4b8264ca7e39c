import { readFile } from 'node:fs/promises';
import type { ArgsInput } from '../../protocol/index.ts';
import { readSheet } from '../delivery/csv.ts';
import { diskReason } from '../util/disk-reason.ts';
import { CliError, toCliError } from './errors.ts';
import { settingsIn } from './export-settings.ts';
import type { SessionChoice } from './open-session.ts';
import { receiveFiles } from './receive-files.ts';

/** As typed; what values there may be is the server's to say. */
export interface ExportOptions extends SessionChoice {
  out?: string;
  list?: string;
  json?: boolean;
  /** Arguments of clip.batch that have an option of the same name. */
  [setting: string]: unknown;
}

type BatchArgs = ArgsInput<'clip.batch'>;

/** `foleyd export`: asks for the files of clips, writes them here, and a sheet of them beside. */
export async function exportClips(clips: readonly string[], options: ExportOptions): Promise<number> {
  if (clips.length === 0 && options.list === undefined)
    throw new CliError('usage', 'name clips by their ids, or a sheet: foleyd export --list sheet.csv');
  const { rows, lines } = options.list === undefined ? { rows: [], lines: [] } : await rowsOf(options.list);
  const args = {
    ...settingsIn(options),
    ...(options.loop === true ? { loop: true } : {}),
    to: 'bytes',
    clips: [...clips],
    rows,
  };
  return receiveFiles('clip.batch', args as BatchArgs, options, {
    hasSheet: options.list !== undefined,
    failed: (error) => inSheet(options.list, lines, error),
  });
}

const COLUMNS = [
  ...(['clip', 'class', 'seed', 'count', 'voice', 'guidance', 'density', 'avoid'] as const),
  ...(['catId', 'fxName', 'userData', 'take'] as const),
];
const NUMBERS = new Set<string>(['count', 'guidance', 'density'] satisfies (typeof COLUMNS)[number][]);

type Rows = NonNullable<BatchArgs['rows']>;

/** Lines of a sheet with a line of names, and where each is; columns that we do not know are somebody's own. Throws usage or io_error. */
async function rowsOf(file: string): Promise<{ rows: Rows; lines: number[] }> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CliError('io_error', `${file} cannot be read: ${diskReason(error)}`, error);
  });
  try {
    const { rows, names, decimalComma } = readSheet(bytes);
    const hasColumn = names.some((name) => ['clip', 'class'].includes(name.toLowerCase()));
    if (!hasColumn)
      throw new Error(`line 1: expected a column named clip or class; found ${names.join(', ') || 'none'}`);
    if (rows.length === 0) throw new Error('there are no lines below the line of names');
    const read = rows.map(({ line, cells }) => {
      const known = Object.entries(cells).flatMap(([name, value]) => {
        const column = COLUMNS.find((one) => one.toLowerCase() === name.toLowerCase());
        return column === undefined ? [] : [[column, cellValue(column, value, line, decimalComma)] as const];
      });
      const row = Object.fromEntries(known);
      // A sheet that we wrote names both: the clip that is there goes first.
      if (row.clip !== undefined)
        for (const name of ['class', 'seed', 'count', 'voice', 'guidance', 'density', 'avoid']) delete row[name];
      if (row.clip === undefined && row.class === undefined)
        throw new Error(`line ${line} names neither a clip nor a class`);
      return row;
    });
    return { rows: read as Rows, lines: rows.map(({ line }) => line) };
  } catch (error) {
    throw new CliError('usage', `${file}: ${(error as Error).message}`, error);
  }
}

/** A cell as clip.batch takes it. Where cells are not between commas, a comma is what a point is elsewhere. */
function cellValue(
  column: (typeof COLUMNS)[number],
  text: string,
  line: number,
  decimalComma: boolean,
): string | number {
  if (!NUMBERS.has(column)) {
    const isMix = column === 'class' || column === 'avoid';
    return isMix && decimalComma ? text.replace(/(?<=:\s*\d*),(?=\d)/g, '.') : text;
  }
  const value = Number(/^[+-]?\d*,\d+$/.test(text) ? text.replace(',', '.') : text);
  if (Number.isFinite(value)) return value;
  throw new Error(`line ${line}, column ${column}: expected a number; found ${JSON.stringify(text.slice(0, 40))}`);
}

/** An error about a row of the request, as one about a line of the sheet. */
function inSheet(file: string | undefined, lines: readonly number[], thrown: unknown): CliError {
  const error = toCliError(thrown);
  const at = /^args\.rows\.(\d+)(?:\.(\w+))?/.exec(String((thrown as { path?: unknown }).path ?? ''));
  const line = lines[Number(at?.[1] ?? -1)];
  if (file === undefined || line === undefined) return error;
  const place = `${file}: line ${line}${at?.[2] === undefined ? '' : `, column ${at[2]}`}`;
  return new CliError(error.code, `${place}: ${error.message.replace(/^args\.rows\.\d+(\.\w+)*: */, '')}`, thrown);
}
