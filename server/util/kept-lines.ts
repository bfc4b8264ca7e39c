import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomic } from './atomic-file.ts';
import { appendLine, readJsonLines } from './json-lines.ts';
import { readIfThere } from './kept-file.ts';
import { SerialQueue } from './serial-queue.ts';

/** Values in a file of JSON lines, so many of them at most; the oldest go first. A line that cannot be read is left out, not an error. */
export class KeptLines<T> {
  readonly #file: string;
  readonly #most: number;
  readonly #parse: (value: unknown) => T[];
  #all: readonly T[] | null = null;
  readonly #queue = new SerialQueue();

  /** @param parse what a line means, or nothing */
  constructor(file: string, most: number, parse: (value: unknown) => T[]) {
    [this.#file, this.#most, this.#parse] = [file, most, parse];
  }

  /** Oldest first. Rejects with what the disk says. */
  async list(): Promise<readonly T[]> {
    this.#all ??= readJsonLines((await readIfThere(this.#file)) ?? '', this.#parse);
    return this.#all;
  }

  /** Rejects with what the disk says; then nothing was added. */
  add(value: T): Promise<void> {
    return this.#queue.run(async () => {
      const all = [...(await this.list()), value];
      if (all.length > this.#most) return this.#replace(all.slice(-this.#most));
      await mkdir(path.dirname(this.#file), { recursive: true });
      await appendLine(this.#file, JSON.stringify(value), { sync: true });
      this.#all = all;
    });
  }

  /** Removes those that `goes` names. Resolves with their number; rejects with what the disk says. */
  remove(goes: (value: T) => boolean): Promise<number> {
    return this.#queue.run(async () => {
      const all = await this.list();
      const kept = all.filter((value) => !goes(value));
      if (kept.length < all.length) await this.#replace(kept);
      return all.length - kept.length;
    });
  }

  async #replace(all: readonly T[]): Promise<void> {
    await writeAtomic(this.#file, all.map((value) => `${JSON.stringify(value)}\n`).join(''));
    this.#all = all;
  }
}
