import { readFile } from 'node:fs/promises';
import { noFile, settleAside, writeAtomic } from './atomic-file.ts';
import type { LogLine } from './log-line.ts';
import { throwShortage } from './shortage.ts';

/** The text of a file, or null if it does not exist. Rejects with every other error. */
export async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(noFile);
}

/** Parses a JSON array; for `PersistentFile.read`. Throws if it is something else. */
export function readList(text: string): unknown[] {
  const value = JSON.parse(text) as unknown;
  if (!Array.isArray(value)) throw new TypeError('expected a list');
  return value;
}

/**
 * A small file of state, read once at the start and then only replaced atomically. A file that exists but cannot be read or
 * parsed is never overwritten: the first write moves it aside, and fails if that is impossible. Until then it stays in
 * place, so that a server started with the right permissions finds it.
 */
export class PersistentFile {
  readonly path: string;
  readonly #log: LogLine;
  #unread = false;

  constructor(file: string, log: LogLine) {
    this.path = file;
    this.#log = log;
  }

  /**
   * What `parse` makes of the text; null where there is no file, or none that can be read, of which it tells. Rejects where
   * the machine had no descriptor or memory for it: nothing is wrong with the file.
   */
  async read<T>(parse: (text: string) => T): Promise<T | null> {
    try {
      const text = await readIfThere(this.path);
      return text === null ? null : parse(text);
    } catch (error) {
      throwShortage(error, `${this.path} could not be read`);
      this.#unread = true;
      this.#log('warn', `${this.path} cannot be read; it is set aside before anything is written in its place`, {
        err: error,
      });
      return null;
    }
  }

  /** Whether there is a file that could not be read. */
  get isUnread(): boolean {
    return this.#unread;
  }

  /** What was read is more than its reader understood: it is not replaced either. */
  keep(): void {
    this.#unread = true;
  }

  /** Rejects with what the disk says; then nothing has changed. */
  async write(text: string): Promise<void> {
    if (this.#unread) {
      const aside = await settleAside(this.path);
      this.#unread = false;
      if (aside !== null) this.#log('warn', `the unreadable file was moved to ${aside}`);
    }
    await writeAtomic(this.path, text);
  }
}
