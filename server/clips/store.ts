import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { LogLine } from '../util/log-line.ts';
import { isId, newId } from '../util/new-id.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import type { Trash, TrashItem } from '../util/trash.ts';
import type { ClipChange, ClipEntry, ClipPage, ClipQuery, Clips, NewClip, SavedClip, StoredClip } from './clip.ts';
import { ClipFiles, DAMAGED } from './clip-files.ts';
import { ClipIndex, entryOf } from './clip-index.ts';
import { plainFile, readSmall } from './files.ts';
import { page } from './query.ts';
import { MAX_SIDECAR_BYTES, readSidecar, type Sidecar, sidecarOf } from './sidecar.ts';

export interface ClipStoreOptions {
  dir: string;
  /** Bytes of the WAV, recipe inside. */
  encode: (clip: NewClip) => Uint8Array;
  maxClips: number;
  /** Of the WAVs. */
  maxBytes: number;
  /** Where removed clips go; without, they are deleted at once. What goes for the bounds is always deleted. */
  trash?: Trash;
  log: LogLine;
  /** Whether this process may remove old clips and what a crash left; default: yes. */
  isOwner?: () => boolean;
  /** Milliseconds since 1970; tests give their own. */
  now?: () => number;
}

/** Files read at a time while the folder is looked through. */
const AT_ONCE = 32;

/**
 * Clips as `<dir>/<id>.wav` with their recipes as `<id>.json`. Both appear whole or not at all, the recipe first: a
 * WAV is never there without it, and a recipe alone is what a crash left. A WAV of an older server has its recipe in
 * its comment. The oldest clips go when there are too many or they are too large together, starred ones never. Files
 * that are not named like clips are never counted or removed. The files are the truth: the index in memory is made
 * anew from them at every start.
 */
export class ClipStore implements Clips {
  readonly #options: ClipStoreOptions;
  readonly #files: ClipFiles;
  readonly #index = new ClipIndex();
  /** Changes and removals one after the other. */
  readonly #queue = new SerialQueue();

  private constructor(options: ClipStoreOptions) {
    this.#options = options;
    this.#files = new ClipFiles(options.dir, options.log);
  }

  /** A folder that cannot be made or read is reported, not fatal: then saving fails, and everything else works. */
  static async open(options: ClipStoreOptions): Promise<ClipStore> {
    const store = new ClipStore(options);
    try {
      await mkdir(options.dir, { recursive: true });
      await store.#scan();
      await store.#sweep();
    } catch (error) {
      options.log('warn', 'the folder of clips cannot be used', { err: error });
    }
    return store;
  }

  /** Another process that works in this folder may be writing what looks left over, and may keep more. */
  get #isOwner(): boolean {
    return this.#options.isOwner?.() ?? true;
  }

  get usage(): { clips: number; bytes: number } {
    return { clips: this.#index.size, bytes: this.#index.bytes };
  }

  async save(clip: NewClip): Promise<SavedClip> {
    const wav = this.#options.encode(clip);
    const id = newId();
    const {
      recipe,
      pcm,
      rate,
      name = '',
      codes = null,
      given = null,
      seeds = null,
      lineage = null,
      shape = null,
      origin = null,
      makers = null,
    } = clip;
    const sidecar: Sidecar = {
      created: this.#index.nextTime((this.#options.now ?? Date.now)()),
      name,
      starred: false,
      seconds: pcm.length / rate,
      recipe,
      codes,
      given,
      seeds,
      lineage,
      shape,
      delivery: null,
      origin,
      makers,
    };
    await this.#files.write(id, wav, sidecar);
    const entry = entryOf(id, this.#path(id), wav.byteLength, sidecar);
    this.#index.set(entry);
    this.#index.notify(entry);
    await this.#queue.run(() => this.#sweep(id));
    return { id, path: this.#path(id), bytes: wav.byteLength };
  }

  async find(id: string): Promise<SavedClip | null> {
    if (!isId(id)) return null;
    const found = await plainFile(this.#path(id)).catch((cause: unknown) => {
      throw new ProtocolError('io_error', `clip ${id} could not be read: ${diskReason(cause)}`, { cause });
    });
    return found === null ? null : { id, path: this.#path(id), bytes: found.bytes };
  }

  list(query: ClipQuery): ClipPage {
    return page(this.#index.values(), query);
  }

  ofJob(job: string): Map<number, ClipEntry> {
    return this.#index.ofJob(job);
  }

  async get(id: string): Promise<StoredClip> {
    const found = await this.find(id);
    if (found === null) {
      this.#forget(id);
      throw absent(id);
    }
    const { sidecar, problem } = await this.#files.sidecar(id, found.bytes);
    // Were it taken for none, the next change would replace it.
    if (problem !== null && problem !== DAMAGED)
      throw new ProtocolError('io_error', `the recipe of clip ${id} could not be read: ${diskReason(problem)}`, {
        cause: problem,
      });
    return { ...sidecar, ...entryOf(id, found.path, found.bytes, sidecar) };
  }

  async read(id: string): Promise<Uint8Array> {
    const found = await this.find(id);
    if (found === null) throw absent(id);
    return await readFile(found.path).catch((error: unknown) => {
      throw new ProtocolError('io_error', `clip ${id} could not be read: ${diskReason(error)}`, { cause: error });
    });
  }

  change(id: string, change: ClipChange): Promise<StoredClip> {
    return this.#queue.run(async () => {
      const { path: file, bytes, ...stored } = await this.get(id);
      if (change.starred === true && !stored.starred) this.#index.checkStars(this.#options.maxClips);
      const sidecar: Sidecar = { ...sidecarOf(stored), ...change };
      await this.#files.writeSidecar(id, sidecar);
      const entry = entryOf(id, file, bytes, sidecar);
      this.#index.set(entry);
      this.#index.notify(entry);
      return { ...sidecar, ...entry };
    });
  }

  remove(id: string): Promise<TrashItem | null> {
    return this.#queue.run(async () => {
      if ((await this.find(id)) === null) throw absent(id);
      const { trash } = this.#options;
      try {
        if (trash?.isOn === true) {
          const item = await trash.put('clip', id, (dir) => this.#files.moveOut(id, dir));
          this.#forget(id);
          return item;
        }
        await this.#erase(id);
        return null;
      } catch (error) {
        throw new ProtocolError('io_error', `clip ${id} could not be removed: ${diskReason(error)}`, { cause: error });
      }
    });
  }

  restore(id: string): Promise<StoredClip> {
    return this.#queue.run(async () => {
      const { trash } = this.#options;
      const item = (await trash?.find('clip', id)) ?? null;
      if (trash === undefined || item === null || (await this.find(id)) !== null)
        throw unknown(`no clip ${shown(id)} is in the trash; trash.list lists what is`);
      try {
        await trash.take(item, (dir) => this.#files.moveIn(id, dir));
      } catch (error) {
        throw new ProtocolError('io_error', `clip ${id} could not be restored: ${diskReason(error)}`, { cause: error });
      }
      const clip = await this.get(id);
      const { path: file, bytes, ...stored } = clip;
      const entry = entryOf(id, file, bytes, sidecarOf(stored));
      this.#index.insert(entry);
      this.#index.notify(entry);
      await this.#sweep(id);
      return clip;
    });
  }

  async trashed({ id, dir }: TrashItem): Promise<Pick<StoredClip, 'name' | 'class'> | null> {
    const text = await readSmall(path.join(dir, `${id}.json`), MAX_SIDECAR_BYTES).catch(() => null);
    const sidecar = text === null ? null : readSidecar(text);
    return sidecar === null ? null : { name: sidecar.name, class: sidecar.recipe?.class ?? null };
  }

  watch(listener: (entry: ClipEntry) => void): () => void {
    return this.#index.watch(listener);
  }

  #path(id: string): string {
    return this.#files.path(id);
  }

  #forget(id: string): void {
    this.#files.forget(id);
    this.#index.forget(id);
  }

  async #scan(): Promise<void> {
    const { clips: left, orphans } = await this.#files.ids(this.#isOwner);
    const found: ClipEntry[] = [];
    const look = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const file = await plainFile(this.#path(id));
        if (file === null) continue;
        const { sidecar } = await this.#files.sidecar(id, file.bytes);
        found.push(entryOf(id, this.#path(id), file.bytes, sidecar));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
    this.#index.fill(found);
    for (const id of orphans) if (this.#isOwner) await this.#files.clearOrphan(id);
  }

  /** Removes the oldest clips beyond the bounds, but never `keep`, which somebody is just being told about. */
  async #sweep(keep?: string): Promise<void> {
    if (!this.#isOwner) return;
    const { maxClips, maxBytes } = this.#options;
    for (const { id, starred } of this.#index.values()) {
      if (this.#index.size <= maxClips && this.#index.bytes <= maxBytes) return;
      if (id === keep || starred || this.#files.isUnread(id)) continue;
      try {
        await this.#erase(id);
      } catch (error) {
        // Windows does not remove a file that somebody reads: it goes with a later sweep.
        this.#options.log('warn', `the old clip ${id} could not be removed`, { err: error });
      }
    }
  }

  async #erase(id: string): Promise<void> {
    await this.#files.erase(id);
    this.#index.forget(id);
  }
}

function absent(id: string): ProtocolError {
  return unknown(`there is no clip ${shown(id)}; clip.list lists the clips`);
}

function unknown(message: string): ProtocolError {
  return new ProtocolError('unknown_clip', message, { path: 'args.clip' });
}

function shown(id: string): string {
  return JSON.stringify(id.slice(0, 40));
}
