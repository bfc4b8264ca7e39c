import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isPrintable, ProtocolError } from '../../protocol/index.ts';
import { isWithin } from '../util/folders.ts';

/** Folders deep, and entries, that are looked at. */
const DEEPEST = 8;
const MAX_FILES = 100_000;

/** Every file below a folder: its name with / between, where it really lies, its size. Links are followed, and said where they lead. */
export async function filesBelow(root: string): Promise<{ name: string; real: string; bytes: number }[]> {
  const found: { name: string; real: string; bytes: number }[] = [];
  let seen = 0;
  const walk = async (dir: string, prefix: string, depth: number): Promise<void> => {
    if (depth > DEEPEST)
      throw new ProtocolError(
        'too_large',
        `folders are nested more than ${DEEPEST} deep below ${root}; name one further down`,
      );
    for (const entry of await readdir(dir)) {
      seen += 1;
      if (seen > MAX_FILES)
        throw new ProtocolError(
          'too_large',
          `there are more than ${MAX_FILES} files below ${root}; name a smaller folder`,
        );
      const place = path.join(dir, entry);
      const info = await stat(place).catch(() => null);
      if (info === null) continue;
      const real = await realpath(place);
      if (info.isDirectory()) await walk(place, `${prefix}${entry}/`, depth + 1);
      else if (info.isFile()) found.push({ name: `${prefix}${entry}`, real, bytes: info.size });
    }
  };
  await walk(root, '', 0);
  return found;
}

/**
 * A folder that a client named, checked: it and everything in it lie inside the allowed ones, whatever links say, and
 * no name has control characters. Throws forbidden, bad_dataset, too_large or io_error. Resolves with its real place.
 */
export async function checkFolder(folder: string, allowed: readonly string[], maxBytes: number): Promise<string> {
  if (allowed.length === 0)
    throw new ProtocolError('forbidden', 'the server allows no folder; start it with --dataset-folder DIR', {
      path: 'args.folder',
    });
  const roots = (await Promise.all(allowed.map((root) => realpath(root).catch(() => null)))).filter(
    (root) => root !== null,
  );
  const inside = (place: string): boolean => roots.some((root) => isWithin(root, place));
  // Whether a folder is there is not told of others.
  const real = path.isAbsolute(folder) ? await realpath(folder).catch(() => null) : null;
  if (real === null || !inside(real))
    throw new ProtocolError('forbidden', 'the server does not allow this folder; start it with --dataset-folder DIR', {
      path: 'args.folder',
    });
  let bytes = 0;
  try {
    for (const file of await filesBelow(real)) {
      if (!inside(file.real))
        throw new ProtocolError('forbidden', `${file.name} leads out of the allowed folders`, {
          path: 'args.folder',
        });
      if (!isPrintable(file.name))
        throw new ProtocolError('bad_dataset', `the name of ${file.name} has control characters: rename it`, {
          path: 'args.folder',
        });
      bytes += file.bytes;
    }
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('io_error', `the folder cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (bytes > maxBytes)
    throw new ProtocolError(
      'too_large',
      `the recordings have ${bytes} bytes; expected at most ${maxBytes} for a data set`,
    );
  return real;
}
