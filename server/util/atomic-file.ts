import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** The bytes of a file, or a function that writes them piece by piece. */
export type FileContent = Uint8Array | string | ((write: (piece: Uint8Array) => Promise<void>) => Promise<void>);

/**
 * Writes a file whole or not at all: under a temporary name beside it, synced, then renamed, replacing what is there.
 * Rejects with file system errors. Without write-file-atomic: it neither writes piece by piece nor refuses a name that is taken.
 * @param mode permissions as chmod takes them; the system's default without
 */
export async function writeAtomic(file: string, data: FileContent, mode?: number): Promise<void> {
  await withPart(file, data, mode, (part) => rename(part, file));
}

/** The same for a name that must be free. Resolves with false, and has changed nothing, where it is taken. */
export async function writeNewAtomic(file: string, data: FileContent): Promise<boolean> {
  return withPart(file, data, undefined, (part) => settle(part, file));
}

/**
 * Gives a finished temporary file its name without ever replacing another file. Resolves with false where the name is
 * taken; the temporary file may remain, and the caller removes it.
 */
export async function settle(part: string, file: string): Promise<boolean> {
  try {
    // Unlike rename, link never replaces.
    await link(part, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems (exFAT, network shares) have no links: reserve the name, then rename onto the reservation.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(code ?? '')) throw error;
  }
  try {
    await (await open(file, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rename(part, file);
  return true;
}

/**
 * Renames whatever is at `file` to a free name beside it: `.broken`, then `.broken-2` and so on. Resolves with that
 * name, or null if nothing is there. Rejects with file system errors.
 */
export async function settleAside(file: string): Promise<string | null> {
  for (let n = 1; ; n++) {
    const aside = `${file}.broken${n === 1 ? '' : `-${n}`}`;
    if ((await lstat(aside).catch(noFile)) !== null) continue;
    if ((await lstat(file).catch(noFile)) === null) return null;
    await rename(file, aside);
    return aside;
  }
}

/** For `catch`: null if the file does not exist; rethrows everything else. */
export function noFile(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

const PART = /^\..+-[0-9a-f]{8}\.tmp$/;
/** No write of a small file takes longer. */
const WRITING_MS = 60_000;

/**
 * Removes the temporary files that killed processes left in a folder. Rejects with what the disk says.
 * @param shared names of those that another process may be writing just now: they stay for a minute
 */
export async function removeParts(dir: string, shared: RegExp): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!PART.test(name)) continue;
    const part = path.join(dir, name);
    const written = shared.test(name) ? ((await stat(part).catch(noFile))?.mtimeMs ?? 0) : 0;
    if (Date.now() - written > WRITING_MS) await rm(part, { force: true });
  }
}

async function withPart<T>(
  file: string,
  data: FileContent,
  mode: number | undefined,
  finish: (part: string) => Promise<T>,
): Promise<T> {
  const dir = path.dirname(file);
  // A name may have 255 bytes; the temporary one must not be longer.
  const part = path.join(dir, `.${path.parse(file).name.slice(0, 60)}-${randomBytes(4).toString('hex')}.tmp`);
  await mkdir(dir, { recursive: true });
  try {
    const handle = await open(part, 'wx', mode);
    try {
      // Creating a file applies the umask; a mode that was asked for is meant as it is.
      if (mode !== undefined) await handle.chmod(mode).catch(() => undefined);
      await writeTo(handle, data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await finish(part);
  } finally {
    await rm(part, { force: true }).catch(() => undefined);
  }
}

async function writeTo(handle: FileHandle, data: FileContent): Promise<void> {
  if (typeof data === 'function') await data((piece) => handle.writeFile(piece));
  else await handle.writeFile(data);
}

/** Whether a path exists. Only ENOENT counts as absent. */
export async function exists(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT' && code !== 'ENOTDIR',
  );
}
