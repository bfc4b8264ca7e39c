import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from './errors.ts';

/** What a clip's file can be named after. */
export interface Named {
  /** Class name, or weights of a mix. */
  class: string | Record<string, number>;
  seed: number;
}

/** Where clips go: a file of that name, or files of their own in a folder. */
export interface Target {
  folder: string;
  /** Given file name; null where each clip is named by what it is. */
  file: string | null;
}

/** Reads `--out`: a folder that is there, or ends with a separator, or has no ending; else a file. */
export async function targetOf(out: string | undefined): Promise<Target> {
  if (out === undefined) return { folder: '.', file: null };
  const isFolder = /[\\/]$/.test(out) || path.extname(out) === '' || (await isDirectory(out));
  return isFolder ? { folder: out, file: null } : { folder: path.dirname(out), file: path.basename(out) };
}

/**
 * Writes one clip and returns its path. A file that was named is replaced; one that we name never replaces another.
 * @param count clips of the request: several into one named file are told apart by their seeds
 */
export async function writeClip(target: Target, named: Named, count: number, wav: Uint8Array): Promise<string> {
  const { folder, file } = target;
  const { name, ext } = path.parse(file ?? `${label(named.class)}-${named.seed}.wav`);
  const stem = file !== null && count > 1 ? `${name}-${named.seed}` : name;
  return file === null ? writeNew(folder, `${stem}${ext}`, wav) : replace(folder, `${stem}${ext}`, wav);
}

/** A new file of that name, or of one with a number behind it. Throws io_error. */
export async function writeNew(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const { name: stem, ext } = path.parse(name);
  for (let n = 1; ; n++) {
    try {
      return await put(folder, `${stem}${n > 1 ? `-${n}` : ''}${ext}`, bytes, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw failed(error);
    }
  }
}

async function replace(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  return put(folder, name, bytes, 'w').catch((error: unknown) => {
    throw failed(error);
  });
}

async function put(folder: string, name: string, bytes: Uint8Array, flag: 'w' | 'wx'): Promise<string> {
  await mkdir(folder, { recursive: true });
  const place = path.join(folder, name);
  await writeFile(place, bytes, { flag });
  return place;
}

function failed(error: unknown): CliError {
  return new CliError('io_error', `the clip could not be written: ${(error as Error).message}`, error);
}

/** A class or mix as part of a file name that every system takes. */
function label(what: Named['class']): string {
  const text = typeof what === 'string' ? what : Object.keys(what).join('+');
  return text.replace(/[^A-Za-z0-9_+-]+/g, '_').slice(0, 80) || 'clip';
}

async function isDirectory(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
