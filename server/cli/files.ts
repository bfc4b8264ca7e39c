import { access, constants, lstat, mkdir, open, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { type FileContent, noFile, writeAtomic, writeNewAtomic } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { CliError } from './errors.ts';
import { writeOut } from './output.ts';

/** What a clip's file can be named after. */
export interface Named {
  /** Class name, or weights of a mix. */
  class: string | Record<string, number>;
  seed: number;
}

/** Where clips go: standard output, a file of that name, or files of their own in a folder. */
export type Target =
  | { kind: 'stdout' }
  | { kind: 'file'; file: string; ending: 'wav' | 'flac' }
  | { kind: 'folder'; folder: string };

const ENDINGS: Record<string, 'wav' | 'flac'> = { '.wav': 'wav', '.wave': 'wav', '.flac': 'flac' };
/** Numbers behind a name that is taken; a folder with more files of one name is a mistake. */
const MAX_NAMES = 10_000;
const MAX_SEED = 2 ** 32 - 1;
/** As Linux follows. */
const MAX_LINKS = 40;

/**
 * Reads `--out` of one clip or several: `-`, a folder (it exists, ends with a separator or has no ending), or a file.
 * Throws usage.
 * @param count clips that it is for: several in one named file get longer names
 */
export async function targetOf(out: string | undefined, count = 1): Promise<Target> {
  if (out === undefined) return { kind: 'folder', folder: '.' };
  if (out === '-') return { kind: 'stdout' };
  refuseEmpty(out);
  const found = await stat(out).catch(() => null);
  if (found?.isDirectory() || /[\\/]$/.test(out)) return { kind: 'folder', folder: await folderOf(out) };
  const ending = ENDINGS[path.extname(out).toLowerCase()];
  // A device or a pipe takes the bytes as they come, whatever it is called.
  if (found !== null && !found.isFile()) return { kind: 'file', file: out, ending: ending ?? 'wav' };
  if (count > 1 && ending !== undefined) await refuseBlocked(numbered(out, MAX_SEED), out);
  else if (found === null) await refuseBlocked(out);
  if (ending !== undefined) return { kind: 'file', file: out, ending };
  if (found === null && path.extname(out) === '') return { kind: 'folder', folder: out };
  throw new CliError(
    'usage',
    `--out ${out}: a clip is written as .wav or .flac; end the name with one of them, or with / for a folder`,
  );
}

/** A variable of the shell that is not set: better said before a clip is made than when it is written. */
function refuseEmpty(out: string): void {
  if (out === '') throw new CliError('usage', '--out is empty; name a file, a folder, or - for standard output');
}

/** Reads `--out` of a command that writes several files. Throws usage where it is no folder. */
export async function folderOf(out: string | undefined): Promise<string> {
  if (out === undefined) return '.';
  refuseEmpty(out);
  if (out === '-') throw new CliError('usage', '--out -: this command writes several files; name a folder');
  const found = await stat(out.replace(/(?<=.)[\\/]+$/, '')).catch(() => null);
  if (found !== null && !found.isDirectory())
    throw new CliError('usage', `--out ${out}: a file of this name exists; name a folder`);
  if (found === null) await refuseBlocked(out);
  return out;
}

/**
 * Said before anything is made, not after. Throws usage where a file is in the place of a folder, and where a name is
 * longer than the disk takes.
 * @param named how the place was given
 */
export async function refuseBlocked(place: string, named = place, option = '--out '): Promise<void> {
  const whole = path.resolve(place);
  const missing = [path.basename(whole)];
  for (let dir = path.dirname(whole); ; dir = path.dirname(dir)) {
    const found = await stat(dir).catch(() => null);
    if (found !== null && !found.isDirectory())
      throw new CliError('usage', `${option}${named}: ${dir} is a file, not a folder`);
    if (found === null && dir !== path.dirname(dir)) {
      missing.push(path.basename(dir));
      continue;
    }
    // The system is asked about each name where there is a folder: behind one that is not there it says nothing of length.
    for (const one of [...missing.map((name) => path.join(dir, name)), whole])
      if (await isTooLong(one))
        throw new CliError(
          'usage',
          `${option}${named.slice(0, 40)}...: the name has ${Buffer.byteLength(path.basename(one))} bytes, more than this disk takes; give a shorter one`,
        );
    return;
  }
}

async function isTooLong(place: string): Promise<boolean> {
  return lstat(place).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENAMETOOLONG',
  );
}

/** The place of one of several clips in one named file. */
function numbered(file: string, seed: number): string {
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `${name}-${seed}${ext}`);
}

/**
 * Writes one clip and returns its path, `-` for standard output. A file that was named is replaced; one that we name
 * never replaces another.
 * @param count clips of the request: several into one named file are told apart by their seeds
 */
export async function writeClip(target: Target, named: Named, count: number, bytes: Uint8Array): Promise<string> {
  if (target.kind === 'stdout') {
    await writeOut(bytes);
    return '-';
  }
  if (target.kind === 'folder') return writeNew(target.folder, `${label(named.class)}-${named.seed}.wav`, bytes);
  const file = count > 1 ? numbered(target.file, named.seed) : target.file;
  await replaceFile(file, bytes);
  return file;
}

/** A new file of that name, or of one with a number behind it, whole or not at all. Throws io_error. */
export async function writeNew(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const { name: stem, ext } = path.parse(name);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  for (let n = 1; n <= MAX_NAMES; n++) {
    const file = path.join(folder, `${stem}${n > 1 ? `-${n}` : ''}${ext}`);
    try {
      // Looking first spares a folder of many takes from writing each of them many times.
      if ((await lstat(file).catch(() => null)) === null && (await writeNewAtomic(file, bytes))) return file;
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }
  throw new CliError(
    'io_error',
    `${path.join(folder, name)}: more than ${MAX_NAMES} files of this name exist; choose another with --out`,
  );
}

/**
 * Writes a file whole or not at all; what was there stays until the new one is complete. `-` is standard output, and a
 * device or a pipe takes the bytes as they come. Throws io_error.
 */
export async function replaceFile(file: string, data: FileContent): Promise<void> {
  try {
    if (file === '-') return await stream(data, writeOut);
    const found = await stat(file).catch(() => null);
    if (found !== null && !found.isFile()) return await toDevice(file, data);
    if (found === null) return await writeAtomic(await behindLinks(file), data);
    await access(file, constants.W_OK);
    // A link stays a link: the file it leads to is replaced.
    await writeAtomic(await realpath(file), data, found.mode & 0o777);
  } catch (error) {
    if (error instanceof CliError || !('code' in (error as Error)) || isProtocolError(error)) throw error;
    throw cannotWrite(file, error);
  }
}

/** The place that a link to nothing leads to, so that the file is made there and the link stays. Throws ELOOP. */
async function behindLinks(file: string): Promise<string> {
  let place = file;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(place).catch(noFile);
    if (found === null || !found.isSymbolicLink()) return place;
    place = path.resolve(await realpath(path.dirname(place)), await readlink(place));
  }
  throw Object.assign(new Error(`${file} is a loop of symbolic links`), { code: 'ELOOP' });
}

async function toDevice(file: string, data: FileContent): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await stream(data, (piece) => handle.writeFile(piece));
  } finally {
    await handle.close();
  }
}

async function stream(data: FileContent, write: (piece: Uint8Array) => Promise<void>): Promise<void> {
  if (typeof data === 'function') await data(write);
  else await write(typeof data === 'string' ? new TextEncoder().encode(data) : data);
}

/** What the content itself failed of, which a server said: not a matter of this disk. */
const isProtocolError = (error: unknown): boolean => (error as Error).name === 'ProtocolError';

function cannotWrite(file: string, error: unknown): CliError {
  return new CliError('io_error', `${file} could not be written: ${diskReason(error)}`, error);
}

/** A class or mix as part of a file name that every system takes. */
function label(what: Named['class']): string {
  const text = typeof what === 'string' ? what : Object.keys(what).join('+');
  return text.replace(/[^A-Za-z0-9_+-]+/g, '_').slice(0, 80) || 'clip';
}
