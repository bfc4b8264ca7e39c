import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomic } from './atomic-file.ts';
import { appendLine, readJsonLines } from './json-lines.ts';
import { readIfThere } from './persistent-file.ts';
import { SerialQueue } from './serial-queue.ts';

/** A JSON Lines file with a maximum number of values; the oldest are dropped. A line that cannot be parsed is skipped. */
export class BoundedJsonLines<T> {
  readonly #file: string;
  readonly #max: number;
  readonly #parse: (value: unknown) => T[];
  #all: readonly T[] | null = null;
  readonly #queue = new SerialQueue();

  /** @param parse the values of a line: one, or none if it is invalid */
  constructor(file: string, most: number, parse: (value: unknown) => T[]) {
    [this.#file, this.#max, this.#parse] = [file, most, parse];
  }

  /** Oldest first. Rejects with file system errors. */
  async list(): Promise<readonly T[]> {
    this.#all ??= readJsonLines((await readIfThere(this.#file)) ?? '', this.#parse);
    return this.#all;
  }

  /** Rejects with file system errors; then nothing was added. */
  add(value: T): Promise<void> {
    return this.#queue.run(async () => {
      const all = [...(await this.list()), value];
      if (all.length > this.#max) return this.#replace(all.slice(-this.#max));
      await mkdir(path.dirname(this.#file), { recursive: true });
      await appendLine(this.#file, JSON.stringify(value), { sync: true });
      this.#all = all;
    });
  }

  /** Removes the values for which `goes` is true, and resolves with their number. Rejects with file system errors. */
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
