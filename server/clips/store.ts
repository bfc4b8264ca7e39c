import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import type { Clips, NewClip, SavedClip } from './clips.ts';

export interface ClipStoreOptions {
  dir: string;
  /** Bytes of the WAV, recipe inside. */
  encode: (clip: NewClip) => Uint8Array;
  maxClips: number;
  maxBytes: number;
  onProblem: (message: string, error: unknown) => void;
}

const ID = /^[0-9a-f]{16}$/;
const FILE = /^([0-9a-f]{16})\.wav$/;
const LEFTOVER = /^\.[0-9a-f]{16}\.tmp$/;

/**
 * Clips as `<dir>/<id>.wav`. A clip appears whole or not at all (written beside, then renamed), and the oldest ones go
 * when there are too many or they are too large together. Only files named like clips are ever counted or removed.
 */
export class ClipStore implements Clips {
  readonly #options: ClipStoreOptions;
  /** Bytes by id, oldest first. */
  readonly #known = new Map<string, number>();
  #bytes = 0;
  #sweeping: Promise<void> = Promise.resolve();

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
      options.onProblem('the folder of clips cannot be used', error);
    }
    return store;
  }

  get usage(): { clips: number; bytes: number } {
    return { clips: this.#known.size, bytes: this.#bytes };
  }

  async save(clip: NewClip): Promise<SavedClip> {
    const wav = this.#options.encode(clip);
    const id = randomBytes(8).toString('hex');
    const file = this.#path(id);
    const part = path.join(this.#options.dir, `.${id}.tmp`);
    try {
      await mkdir(this.#options.dir, { recursive: true });
      const handle = await open(part, 'wx');
      try {
        await handle.writeFile(wav);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw new ProtocolError('io_error', `the clip could not be written: ${reason(error)}`, { cause: error });
    }
    this.#known.set(id, wav.byteLength);
    this.#bytes += wav.byteLength;
    this.#sweeping = this.#sweeping.then(() => this.#sweep(id));
    await this.#sweeping;
    return { id, path: file, bytes: wav.byteLength };
  }

  async find(id: string): Promise<SavedClip | null> {
    if (!ID.test(id)) return null;
    const file = this.#path(id);
    try {
      const found = await stat(file);
      return found.isFile() ? { id, path: file, bytes: found.size } : null;
    } catch {
      return null;
    }
  }

  #path(id: string): string {
    return path.join(this.#options.dir, `${id}.wav`);
  }

  async #scan(): Promise<void> {
    const found: { id: string; bytes: number; time: number }[] = [];
    for (const name of await readdir(this.#options.dir)) {
      const file = path.join(this.#options.dir, name);
      // What a crash left half written is nobody's clip.
      if (LEFTOVER.test(name)) await rm(file, { force: true });
      const id = FILE.exec(name)?.[1];
      if (id === undefined) continue;
      const { size, mtimeMs } = await stat(file);
      found.push({ id, bytes: size, time: mtimeMs });
    }
    found.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
    for (const { id, bytes } of found) {
      this.#known.set(id, bytes);
      this.#bytes += bytes;
    }
  }

  /** Removes the oldest clips beyond the bounds, but never `keep`, which somebody is just being told about. */
  async #sweep(keep?: string): Promise<void> {
    for (const [id, bytes] of this.#known) {
      if (this.#known.size <= this.#options.maxClips && this.#bytes <= this.#options.maxBytes) return;
      if (id === keep) continue;
      try {
        await rm(this.#path(id), { force: true });
      } catch (error) {
        // Windows does not remove a file that somebody reads: it goes with a later sweep.
        this.#options.onProblem(`the old clip ${id} could not be removed`, error);
        continue;
      }
      this.#known.delete(id);
      this.#bytes -= bytes;
    }
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' ? 'the disk is full' : (code ?? String(error));
}
