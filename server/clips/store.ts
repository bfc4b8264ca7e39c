import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { readRecipe } from '../audio/recipe.ts';
import { noFile, settleAside } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { LogLine } from '../util/log-line.ts';
import { move, type Trash, type TrashItem } from '../util/trash.ts';
import { Turn } from '../util/turns.ts';
import type {
  ClipChange,
  ClipEntry,
  ClipPage,
  ClipQuery,
  ClipRecipe,
  Clips,
  NewClip,
  SavedClip,
  StoredClip,
} from './clip.ts';
import { PARTIAL_FILE, plainFile, readHead, readSmall, writeClip } from './files.ts';
import { newestFirst, page } from './query.ts';
import { isOurs, MAX_SIDECAR_BYTES, readSidecar, type Sidecar, writeSidecar } from './sidecar.ts';

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

/** Why a sidecar that can be read says nothing. */
const DAMAGED = 'it is damaged, or of another version';
const ID = /^[0-9a-f]{16}$/;
const FILE = /^([0-9a-f]{16})\.(wav|json)$/;
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
  /** Clips whose sidecar is there and cannot be read: it may say that they are starred, so they stay. */
  readonly #unread = new Set<string>();
  /** Oldest first. */
  readonly #known = new Map<string, ClipEntry>();
  readonly #listeners = new Set<(entry: ClipEntry) => void>();
  #bytes = 0;
  #last = 0;
  /** Changes and removals one after the other. */
  readonly #turn = new Turn();

  private constructor(options: ClipStoreOptions) {
    this.#options = options;
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
    return { clips: this.#known.size, bytes: this.#bytes };
  }

  async save(clip: NewClip): Promise<SavedClip> {
    const wav = this.#options.encode(clip);
    const id = randomBytes(8).toString('hex');
    const {
      recipe,
      pcm,
      rate,
      codes = null,
      given = null,
      seeds = null,
      lineage = null,
      shape = null,
      origin = null,
      makers = null,
    } = clip;
    const sidecar: Sidecar = {
      // Later than every other clip's, so that the newest is the newest.
      created: this.#nextTime(),
      name: '',
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
    await writeClip(this.#path(id, 'json'), writeSidecar(sidecar));
    try {
      await writeClip(this.#path(id), wav);
    } catch (error) {
      await rm(this.#path(id, 'json'), { force: true }).catch(() => undefined);
      throw error;
    }
    const entry = entryOf(id, this.#path(id), wav.byteLength, sidecar);
    this.#add(entry);
    this.#tell(entry);
    await this.#turn.run(() => this.#sweep(id));
    return { id, path: this.#path(id), bytes: wav.byteLength };
  }

  async find(id: string): Promise<SavedClip | null> {
    if (!ID.test(id)) return null;
    const found = await plainFile(this.#path(id)).catch((cause: unknown) => {
      throw new ProtocolError('io_error', `clip ${id} could not be read: ${diskReason(cause)}`, { cause });
    });
    return found === null ? null : { id, path: this.#path(id), bytes: found.bytes };
  }

  list(query: ClipQuery): ClipPage {
    return page(this.#known.values(), query);
  }

  ofJob(job: string): Map<number, ClipEntry> {
    const found = [...this.#known.values()].flatMap((entry) =>
      entry.origin?.job === job ? [[entry.origin.index, entry] as const] : [],
    );
    return new Map(found);
  }

  async get(id: string): Promise<StoredClip> {
    const found = await this.find(id);
    if (found === null) {
      this.#forget(id);
      throw unknown(id);
    }
    const { sidecar, problem } = await this.#sidecarOf(id, found.bytes);
    // Were it taken for none, the next change would replace it.
    if (problem !== null && problem !== DAMAGED)
      throw new ProtocolError('io_error', `the recipe of clip ${id} could not be read: ${diskReason(problem)}`, {
        cause: problem,
      });
    return { ...sidecar, ...entryOf(id, found.path, found.bytes, sidecar) };
  }

  async read(id: string): Promise<Uint8Array> {
    const found = await this.find(id);
    if (found === null) throw unknown(id);
    return await readFile(found.path).catch((error: unknown) => {
      throw new ProtocolError('io_error', `clip ${id} could not be read: ${diskReason(error)}`, { cause: error });
    });
  }

  change(id: string, change: ClipChange): Promise<StoredClip> {
    return this.#turn.run(async () => {
      const { path: file, bytes, ...stored } = await this.get(id);
      if (change.starred === true && !stored.starred) this.#checkStars();
      const sidecar: Sidecar = { ...pick(stored), ...change };
      // Damaged, or of a newer version: what it says may be mended by hand.
      if (this.#unread.has(id)) await this.#setAside(id);
      await writeClip(this.#path(id, 'json'), writeSidecar(sidecar));
      const entry = entryOf(id, file, bytes, sidecar);
      if (this.#known.has(id)) this.#known.set(id, entry);
      else this.#add(entry);
      this.#tell(entry);
      return { ...sidecar, ...entry };
    });
  }

  remove(id: string): Promise<TrashItem | null> {
    return this.#turn.run(async () => {
      if ((await this.find(id)) === null) throw unknown(id);
      const { trash } = this.#options;
      try {
        if (trash?.isOn === true) {
          const item = await trash.put('clip', id, (dir) => this.#moveOut(id, dir));
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
    return this.#turn.run(async () => {
      const { trash } = this.#options;
      const item = (await trash?.find('clip', id)) ?? null;
      if (trash === undefined || item === null || (await this.find(id)) !== null)
        throw new ProtocolError('unknown_clip', `no clip ${JSON.stringify(id.slice(0, 40))} is in the trash`, {
          path: 'args.clip',
        });
      try {
        await trash.take(item, async (dir) => {
          // The recipe first, as when a clip is saved.
          for (const kind of ['json', 'wav'] as const)
            await move(path.join(dir, `${id}.${kind}`), this.#path(id, kind)).catch(kind === 'json' ? noFile : raise);
        });
      } catch (error) {
        throw new ProtocolError('io_error', `clip ${id} could not be restored: ${diskReason(error)}`, { cause: error });
      }
      const clip = await this.get(id);
      this.#insert(clip);
      this.#tell(clip);
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
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #path(id: string, kind: 'wav' | 'json' = 'wav'): string {
    return path.join(this.#options.dir, `${id}.${kind}`);
  }

  #nextTime(): number {
    this.#last = Math.max(this.#last + 1, Math.floor((this.#options.now ?? Date.now)()));
    return this.#last;
  }

  #add(entry: ClipEntry): void {
    this.#known.set(entry.id, entry);
    this.#bytes += entry.bytes;
  }

  /** Adds a clip that is older than others. */
  #insert({ id, path: file, bytes, ...stored }: StoredClip): void {
    const all = [...this.#known.values(), entryOf(id, file, bytes, pick({ id, ...stored }))];
    all.sort((a, b) => newestFirst(b, a));
    this.#known.clear();
    this.#bytes = 0;
    for (const one of all) this.#add(one);
  }

  #forget(id: string): void {
    this.#bytes -= this.#known.get(id)?.bytes ?? 0;
    this.#unread.delete(id);
    this.#known.delete(id);
  }

  #tell(entry: ClipEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  #checkStars(): void {
    const stars = [...this.#known.values()].filter(({ starred }) => starred).length;
    if (stars < this.#options.maxClips) return;
    throw new ProtocolError('bad_args', `${stars} clips are starred, as many as this server keeps`, {
      path: 'args.starred',
    });
  }

  async #setAside(id: string): Promise<void> {
    try {
      const aside = await settleAside(this.#path(id, 'json'));
      this.#options.log('warn', `the recipe of clip ${id} is damaged and was set aside`, { err: aside });
    } catch (error) {
      throw new ProtocolError('io_error', `clip ${id} could not be changed: ${diskReason(error)}`, { cause: error });
    }
    this.#unread.delete(id);
  }

  /** What the sidecar says, or else the WAV itself, and then why where there is a sidecar. */
  async #sidecarOf(id: string, bytes: number): Promise<{ sidecar: Sidecar; problem: unknown }> {
    let problem: unknown = null;
    try {
      const text = await readSmall(this.#path(id, 'json'), MAX_SIDECAR_BYTES);
      const read = text === null ? null : readSidecar(text);
      if (read !== null) this.#unread.delete(id);
      if (read !== null) return { sidecar: read, problem: null };
      if (text !== null) problem = DAMAGED;
    } catch (error) {
      problem = error;
    }
    if (problem !== null && !this.#unread.has(id)) {
      this.#unread.add(id);
      this.#options.log('warn', `the recipe of clip ${id} cannot be read; it is kept as it is`, { err: problem });
    }
    return { sidecar: await this.#sidecarFromWav(id, bytes), problem };
  }

  async #sidecarFromWav(id: string, bytes: number): Promise<Sidecar> {
    const [head, found] = await Promise.all([readHead(this.#path(id), bytes), plainFile(this.#path(id))]);
    const recipe = head?.info.comment === undefined ? null : readRecipe(head.info.comment);
    return {
      created: Math.floor(found?.time ?? 0),
      name: '',
      starred: false,
      seconds: head?.seconds ?? 0,
      recipe: recipe as ClipRecipe | null,
      codes: null,
      given: null,
      seeds: null,
      lineage: null,
      shape: null,
      delivery: null,
      origin: null,
      makers: null,
    };
  }

  async #scan(): Promise<void> {
    const names = await readdir(this.#options.dir);
    const ids = new Set<string>();
    const recipes: string[] = [];
    for (const name of names) {
      // What a crash left half written is nobody's clip.
      if (PARTIAL_FILE.test(name) && this.#isOwner) await rm(path.join(this.#options.dir, name), { force: true });
      const [, id, kind] = FILE.exec(name) ?? [];
      if (id !== undefined && kind === 'wav') ids.add(id);
      else if (id !== undefined) recipes.push(id);
    }
    const found: ClipEntry[] = [];
    const left = [...ids];
    const look = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const file = await plainFile(this.#path(id));
        if (file === null) continue;
        const { sidecar } = await this.#sidecarOf(id, file.bytes);
        found.push(entryOf(id, this.#path(id), file.bytes, sidecar));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
    found.sort((a, b) => newestFirst(b, a));
    for (const entry of found) this.#add(entry);
    this.#last = found.at(-1)?.created ?? 0;
    for (const id of recipes) if (this.#isOwner && !ids.has(id)) await this.#clearOrphan(id);
  }

  /** A recipe without its clip: a crash came between the two, or a removal was cut short. */
  async #clearOrphan(id: string): Promise<void> {
    const text = await readSmall(this.#path(id, 'json'), MAX_SIDECAR_BYTES).catch(() => null);
    if (text !== null && isOurs(text)) await rm(this.#path(id, 'json'), { force: true });
  }

  /** Removes the oldest clips beyond the bounds, but never `keep`, which somebody is just being told about. */
  async #sweep(keep?: string): Promise<void> {
    if (!this.#isOwner) return;
    for (const [id, { starred }] of this.#known) {
      if (this.#known.size <= this.#options.maxClips && this.#bytes <= this.#options.maxBytes) return;
      if (id === keep || starred || this.#unread.has(id)) continue;
      try {
        await this.#erase(id);
      } catch (error) {
        // Windows does not remove a file that somebody reads: it goes with a later sweep.
        this.#options.log('warn', `the old clip ${id} could not be removed`, { err: error });
      }
    }
  }

  /** A crash in between leaves the clip whole, here or there: a recipe without its WAV is cleared by the next start. */
  async #moveOut(id: string, dir: string): Promise<void> {
    const [recipe, copy] = [this.#path(id, 'json'), path.join(dir, `${id}.json`)];
    // Not every file system has links.
    await link(recipe, copy).catch(() => copyFile(recipe, copy).catch(noFile));
    await move(this.#path(id), path.join(dir, `${id}.wav`));
    await rm(recipe, { force: true }).catch(() => undefined);
  }

  async #erase(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
    await rm(this.#path(id, 'json'), { force: true });
    this.#forget(id);
  }
}

function entryOf(
  id: string,
  file: string,
  bytes: number,
  { created, name, starred, seconds, recipe, lineage, delivery, origin }: Sidecar,
): ClipEntry {
  const delivered = delivery?.done === true;
  const of = { delivered, class: recipe?.class ?? null, voiceId: recipe?.voiceId ?? null, seed: recipe?.seed ?? null };
  return { id, path: file, bytes, created, name, starred, seconds, origin, from: lineage?.from ?? null, ...of };
}

/** What of a clip its sidecar holds. */
function pick({
  class: _,
  voiceId,
  seed,
  delivered,
  from,
  id,
  ...sidecar
}: Omit<StoredClip, 'path' | 'bytes'>): Sidecar {
  return sidecar;
}

function raise(error: unknown): never {
  throw error;
}

function unknown(id: string): ProtocolError {
  return new ProtocolError('unknown_clip', `there is no clip ${JSON.stringify(id.slice(0, 40))}`, {
    path: 'args.clip',
  });
}
