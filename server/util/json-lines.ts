import { open } from 'node:fs/promises';

/** What the lines of a log say, oldest first. `read` gives what a line means, or nothing; lines that are no JSON, or that it throws for, are left out. */
export function readJsonLines<T>(text: string, read: (value: unknown) => T[]): T[] {
  return text.split('\n').flatMap((line) => {
    try {
      return read(JSON.parse(line));
    } catch {
      return [];
    }
  });
}

const NEWLINE = 10;

/**
 * Adds a line to a log that is only appended to. It is on a line of its own even where a crash cut the last one short, and
 * what a full disk took of it is removed. Calls for one file must follow each other. Rejects with what the disk says.
 * @param sync waits until the disk has it
 */
export async function appendLine(file: string, line: string, { sync = false, mode = 0o666 } = {}): Promise<void> {
  const handle = await open(file, 'a+', mode);
  try {
    const { size } = await handle.stat();
    const last = new Uint8Array(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const begin = size > 0 && last[0] !== NEWLINE ? '\n' : '';
    try {
      await handle.appendFile(`${begin}${line}\n`);
      if (sync) await handle.datasync();
    } catch (error) {
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
}
