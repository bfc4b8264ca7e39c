import { chmod, mkdir, stat } from 'node:fs/promises';
import type { LogLine } from './log-line.ts';

/** Rights of everybody but the owner. */
const OTHERS = 0o077;
/** Of folders that many share, such as /tmp. */
const STICKY = 0o1000;

/**
 * Creates a folder that only its owner can read, or removes the rights of others from an existing one. Resolves with
 * the reason if that fails, and never rejects: the server still works with such a folder.
 */
export async function makePrivate(
  folder: string,
  log: LogLine,
  { user = process.getuid?.() ?? null }: { user?: number | null } = {},
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Windows has no such rights.
    if (user === null) return;
    const { mode, uid } = await stat(folder);
    if ((mode & OTHERS) === 0) return;
    if (uid !== user || (mode & STICKY) !== 0) {
      const why = uid === user ? 'it is a shared folder' : 'it belongs to another user';
      log('warn', `other users may read the data folder ${folder}; its permissions could not be changed: ${why}`);
      return;
    }
    await chmod(folder, mode & 0o700);
    log('warn', `other users could read the data folder ${folder}; it is now private to its owner`);
  } catch (error) {
    log('warn', `the data folder ${folder} cannot be created, or made private`, { err: error });
  }
}
