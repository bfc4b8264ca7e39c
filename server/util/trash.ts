import { cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, noFile } from './atomic-file.ts';
import type { LogLine } from './log-line.ts';
import { SerialQueue } from './serial-queue.ts';

export type TrashKind = 'clip' | 'voice' | 'dataset';

/** One deleted thing, which can be restored. */
export interface TrashItem {
  kind: TrashKind;
  /** Id that it had, and has again once it is restored. */
  id: string;
  /** Milliseconds since 1970. */
  deleted: number;
  /** When it is removed at the latest, in milliseconds since 1970. */
  until: number;
  bytes: number;
  /** Folder that holds its files under the names they had. */
  dir: string;
}

export interface TrashOptions {
  dir: string;
  /** Days that deleted things are kept; 0 deletes at once. */
  days: number;
  /** Bytes of everything in the trash; the oldest goes first, and what is larger by itself is deleted at once. */
  maxBytes: number;
  log: LogLine;
  /** Whether this process may change what is in the data folder; default: yes. */
  isOwner?: () => boolean;
  /** Milliseconds since 1970; tests give their own. */
  now?: () => number;
  /** Milliseconds of a clock that nobody sets; `now` where that is given. */
  steady?: () => number;
}

const NAME = /^(\d{1,15})-(clip|voice|dataset)-(.+)$/;
const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;

/**
 * What was deleted and can be restored: a folder per thing, named by the time, the kind and the id. The folders are the
 * truth; nothing else is written. Things leave by age and when they are too large together.
 */
export class Trash {
  readonly #options: TrashOptions;
  /** Changes one after the other. */
  readonly #queue = new SerialQueue();
  /** By folder, the oldest first; read with the first use. */
  #items: Promise<Map<string, TrashItem>> | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #steady: () => number;
  /** What the clock said when the steady one was at 0. */
  readonly #begun: number;

  constructor(options: TrashOptions) {
    this.#options = options;
    this.#steady = options.steady ?? options.now ?? (() => performance.now());
    this.#begun = this.#now() - this.#steady();
  }

  /** Removes what has become too old, now and every hour. */
  open(): void {
    const sweep = (): void => {
      this.#queue
        .run(() => this.#sweep())
        .catch((err: unknown) => this.#options.log('warn', 'the trash could not be read', { err }));
    };
    this.#timer ??= setInterval(sweep, SWEEP_MS).unref();
    sweep();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#queue.ended();
  }

  /** Whether anything is kept. */
  get isOn(): boolean {
    return this.#options.days > 0 && this.#options.maxBytes > 0;
  }

  /**
   * Lets `fill` move the files of one thing into a folder. Resolves with null where the thing was deleted at once, being
   * larger than the whole trash may be. Rejects with what `fill` rejects with; then nothing is kept of it here.
   */
  put(kind: TrashKind, id: string, fill: (dir: string) => Promise<void>): Promise<TrashItem | null> {
    return this.#queue.run(async () => {
      const items = await this.#known();
      let deleted = this.#now();
      // Two of one id in one millisecond are two things.
      while (items.has(`${deleted}-${kind}-${id}`)) deleted += 1;
      const dir = path.join(this.#options.dir, `${deleted}-${kind}-${id}`);
      await mkdir(dir, { recursive: true });
      try {
        await fill(dir);
      } catch (error) {
        // Moved already: its files are nowhere else.
        if (!(await isWhole({ kind, id, dir }))) await rm(dir, { recursive: true, force: true }).catch(() => undefined);
        this.#items = null;
        throw error;
      }
      const name = path.basename(dir);
      items.set(name, this.#item(kind, id, deleted, await bytesIn(dir)));
      await this.#sweep();
      return items.get(name) ?? null;
    });
  }

  /** What can be restored, the latest deleted first. */
  async list(): Promise<TrashItem[]> {
    await this.#queue.ended();
    const items = [...(await this.#known()).values()];
    return items.filter((item) => !this.#isOver(item)).sort((a, b) => b.deleted - a.deleted);
  }

  /** The latest deleted of this kind and id; null where there is none. */
  async find(kind: TrashKind, id: string): Promise<TrashItem | null> {
    return (await this.list()).find((item) => item.kind === kind && item.id === id) ?? null;
  }

  /** Lets `move` take the files of an item out of its folder. Rejects with what `move` rejects with; then it stays. */
  take<T>({ dir }: TrashItem, move: (dir: string) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      const moved = await move(dir);
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
      (await this.#known()).delete(path.basename(dir));
      return moved;
    });
  }

  /** Deletes items for good. Rejects with what the disk says. */
  empty(items: readonly TrashItem[]): Promise<void> {
    return this.#queue.run(async () => {
      for (const { dir } of items) await this.#remove(path.basename(dir));
    });
  }

  #now(): number {
    return Math.floor((this.#options.now ?? Date.now)());
  }

  /** By both clocks: one that is set a month forward deletes nothing for good. */
  #isOver({ until }: TrashItem): boolean {
    return until <= Math.min(this.#now(), this.#begun + this.#steady());
  }

  #item(kind: TrashKind, id: string, deleted: number, bytes: number): TrashItem {
    const dir = path.join(this.#options.dir, `${deleted}-${kind}-${id}`);
    return { kind, id, deleted, until: deleted + this.#options.days * DAY_MS, bytes, dir };
  }

  #known(): Promise<Map<string, TrashItem>> {
    this.#items ??= this.#read().catch((error: unknown) => {
      // It may be readable by the next time.
      this.#items = null;
      throw error;
    });
    return this.#items;
  }

  async #read(): Promise<Map<string, TrashItem>> {
    const items: TrashItem[] = [];
    for (const name of ((await readdir(this.#options.dir).catch(noFile)) ?? []).sort()) {
      const [, deleted, kind, id] = NAME.exec(name) ?? [];
      if (id === undefined) continue;
      const item = this.#item(kind as TrashKind, id, Number(deleted), 0);
      // A crash came before the thing itself was moved: it is still in its place.
      if (!(await isWhole(item))) continue;
      items.push({ ...item, bytes: await bytesIn(item.dir) });
    }
    items.sort((a, b) => a.deleted - b.deleted);
    return new Map(items.map((item) => [path.basename(item.dir), item]));
  }

  async #sweep(): Promise<void> {
    if (this.#options.isOwner?.() === false) return;
    const items = await this.#known();
    let bytes = 0;
    for (const item of items.values()) bytes += item.bytes;
    for (const [name, item] of [...items]) {
      if (!this.#isOver(item) && bytes <= this.#options.maxBytes) continue;
      bytes -= item.bytes;
      await this.#remove(name).catch((error: unknown) => {
        // Windows does not remove a file that somebody reads: it goes with a later sweep.
        this.#options.log('warn', `${name} in the trash could not be removed`, { err: error });
      });
    }
  }

  async #remove(name: string): Promise<void> {
    await rm(path.join(this.#options.dir, name), { recursive: true, force: true, maxRetries: 2 });
    (await this.#known()).delete(name);
  }
}

/** Whether the WAV of a clip, or the folder of anything else, is in the trash. */
function isWhole({ kind, id, dir }: Pick<TrashItem, 'kind' | 'id' | 'dir'>): Promise<boolean> {
  return exists(path.join(dir, kind === 'clip' ? `${id}.wav` : id));
}

/** Moves a file or folder, to another disk too. Rejects with what the disk says. */
export async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const part = path.join(path.dirname(to), `.${path.basename(to)}.tmp`);
    await cp(from, part, { recursive: true });
    await rename(part, to);
    await rm(from, { recursive: true, force: true });
  }
}

async function bytesIn(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(dir, { recursive: true }).catch(() => []))
    bytes += (await lstat(path.join(dir, name)).catch(() => null))?.size ?? 0;
  return bytes;
}
