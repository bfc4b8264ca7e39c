import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ArgsInput, EventData } from '../../protocol/index.ts';
import { readCsv } from '../delivery/csv.ts';
import { CliError, exits, toCliError } from './errors.ts';
import { exportSettings } from './export-settings.ts';
import { folderOf, writeNew } from './files.ts';
import { onInterrupt } from './interrupt.ts';
import { openSession, type SessionChoice } from './session.ts';

/** As typed; what values there may be is the server's to say. */
export interface ExportOptions extends SessionChoice {
  out?: string;
  list?: string;
  json?: boolean;
  /** Arguments of clip.batch that have an option of the same name. */
  [setting: string]: unknown;
}

type BatchArgs = ArgsInput<'clip.batch'>;
type File = EventData<'clip.batch', 'file'>;
type Skipped = EventData<'clip.batch', 'skipped'>;

/** `foleyd export`: asks for the files of clips, writes them here, and a sheet of them beside. */
export async function exportClips(clips: readonly string[], options: ExportOptions): Promise<number> {
  if (clips.length === 0 && options.list === undefined)
    throw new CliError('usage', 'name clips by their ids, or a sheet: foleyd export --list sheet.csv');
  const rows = options.list === undefined ? [] : await rowsOf(options.list);
  const folder = await folderOf(options.out);
  const given = exportSettings.map(([name]) => [name, options[name]] as const);
  const args = {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    ...(options.loop === true ? { loop: true } : {}),
    ...{ to: 'bytes', clips: [...clips], rows },
  };
  const session = await openSession(options);
  const interrupted = onInterrupt(() => void session.close());
  // One after the other, so that numbers behind equal names are in the order of the list as far as it came.
  let writing: Promise<void> = Promise.resolve();
  const say = (event: string, data: object): void => void process.stdout.write(`${JSON.stringify({ event, data })}\n`);
  const take = async ({ content, ...told }: File): Promise<void> => {
    // Whatever a server calls it, it lies in this folder.
    const file = await writeNew(folder, path.basename(told.name), content!);
    if (options.json === true) say('file', { ...told, path: file });
    else process.stdout.write(`${file}\n`);
  };
  try {
    const done = await session.call('clip.batch', args as BatchArgs, (event, data) => {
      if (event === 'file') {
        writing = writing.then(() => take(data as File));
        writing.catch(() => undefined);
      } else if (event === 'skipped') {
        const { index, code, message } = data as Skipped;
        process.stderr.write(`foleyd: file ${index + 1}: ${code}: ${message}\n`);
      }
    });
    await writing;
    if (options.list !== undefined || done.files > 1) {
      const sheet = await writeNew(folder, 'foleyd_sheet.csv', new TextEncoder().encode(done.sheet));
      if (options.json !== true) process.stdout.write(`${sheet}\n`);
    }
    if (options.json === true) say('done', { files: done.files, skipped: done.skipped });
    return done.skipped > 0 ? exits.failed : exits.ok;
  } catch (error) {
    await writing.catch(() => undefined);
    if (interrupted.happened) return exits.interrupted;
    throw toCliError(error);
  } finally {
    interrupted.stop();
    await session.close();
  }
}

const COLUMNS = [
  ...(['clip', 'class', 'seed', 'count', 'voice', 'guidance', 'avoid'] as const),
  ...(['catId', 'fxName', 'userData', 'take'] as const),
];
const NUMBERS = new Set<string>(['count', 'guidance'] satisfies (typeof COLUMNS)[number][]);

/** Lines of a CSV with a line of names; columns that we do not know are somebody's own. Throws usage or io_error. */
async function rowsOf(file: string): Promise<NonNullable<BatchArgs['rows']>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('io_error', `${file}: ${error.code ?? error}`, error);
  });
  try {
    return readCsv(text).map((row, i) => {
      const known = Object.entries(row).flatMap(([name, value]) => {
        const column = COLUMNS.find((one) => one.toLowerCase() === name.toLowerCase());
        return column === undefined ? [] : [[column, NUMBERS.has(column) ? Number(value) : value] as const];
      });
      const line = Object.fromEntries(known);
      // A sheet that we wrote names both: the clip that is there goes first.
      if (line.clip !== undefined)
        for (const name of ['class', 'seed', 'count', 'voice', 'guidance', 'avoid']) delete line[name];
      if (line.clip === undefined && line.class === undefined)
        throw new Error(`line ${i + 2} names neither a clip nor a class`);
      return line;
    }) as NonNullable<BatchArgs['rows']>;
  } catch (error) {
    throw new CliError('usage', `${file}: ${(error as Error).message}`, error);
  }
}
