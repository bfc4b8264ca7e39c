import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { type ErrorCode, ProtocolError } from '../../protocol/index.ts';
import { exists } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { newId } from '../util/new-id.ts';
import { unlessShort } from '../util/shortage.ts';
import { move, type Trash, type TrashItem } from '../util/trash.ts';
import { VoiceFileError } from './archive-format.ts';
import { importRefusal } from './import-refusal.ts';
import { isSafeId, unknownVoice } from './names.ts';
import { type PackedVoice, VoicePacker } from './pack.ts';
import { readVoice } from './read-voice.ts';
import { unpackVoice } from './unpack.ts';
import type { Voice } from './voice.ts';

export interface VoiceStoreOptions {
  /** Where voices are kept that may come and go. */
  own: string;
  /** Where those lie that ship with the product. */
  models: string;
  /** Bytes of a voice that is brought in. */
  maxBytes: number;
  /** Bytes of disk that must be free beside it. */
  freeDisk: number;
  /** Tries a voice of unknown origin where it can do no harm. Rejects where it is none. */
  check: (voice: Voice) => Promise<void>;
  /** Who else will need an id soon; null where nobody does. */
  claimed: (id: string) => string | null;
  /** Where deleted voices go; without, they are deleted at once. */
  trash?: Trash;
}

/** Folders that are becoming a voice, or have ceased to be one: a dot makes them no voice, whatever is in them. */
const INCOMING = '.incoming-';
const LEAVING = '.trash-';

/** Voices that leave, go out and come in. A voice is a folder, and has its name or has not: nothing is ever half there. */
export class VoiceStore {
  readonly #options: VoiceStoreOptions;
  readonly #packer = new VoicePacker();
  /** Exports that read a voice, by folder. */
  readonly #readers = new Map<string, number>();
  #importing = false;
  #swept: Promise<void> | null = null;

  constructor(options: VoiceStoreOptions) {
    this.#options = options;
  }

  /** Removes what an earlier run left in the middle, once: what comes in now waits for it. */
  sweep(): Promise<void> {
    this.#swept ??= this.#sweep();
    return this.#swept;
  }

  async #sweep(): Promise<void> {
    const { own } = this.#options;
    for (const name of await readdir(own).catch(() => [])) {
      if (name.startsWith(INCOMING) || name.startsWith(LEAVING))
        await rm(path.join(own, name), { recursive: true, force: true });
    }
  }

  /** Folder of a voice that may be deleted, broken or not. Throws unknown_voice, or voice_built_in. */
  async folderOf(id: string): Promise<string> {
    const { own, models } = this.#options;
    if (!isSafeId(id)) throw unknownVoice(id);
    const dir = path.join(own, id);
    if (await exists(dir)) return dir;
    if (await exists(path.join(models, id)))
      throw new ProtocolError('voice_built_in', `voice ${id} is built in and stays; activate another one instead`);
    throw unknownVoice(id);
  }

  /** Whether it is being exported. */
  isRead(dir: string): boolean {
    return (this.#readers.get(dir) ?? 0) > 0;
  }

  /**
   * Moves a voice to the trash; resolves with null where it was deleted at once. Throws io_error, and then the voice is
   * there as it was.
   */
  async remove(dir: string): Promise<TrashItem | null> {
    const { trash } = this.#options;
    const id = path.basename(dir);
    try {
      if (trash?.isOn === true) return await trash.put('voice', id, (place) => move(dir, path.join(place, id)));
    } catch (cause) {
      throw new ProtocolError('io_error', `voice ${id} could not be removed: ${diskReason(cause)}`, { cause });
    }
    await this.#erase(dir);
    return null;
  }

  /** Restores the voice of this id that was deleted last. Throws unknown_voice, already_exists, io_error. */
  async restore(id: string): Promise<Voice> {
    const { trash, own } = this.#options;
    const item = (await trash?.find('voice', id)) ?? null;
    if (trash === undefined || item === null)
      throw refused('unknown_voice', `no voice ${id.slice(0, 64)} is in the trash; trash.list lists what is`);
    await this.#refuseTaken(id, 'args.voice');
    const dir = path.join(own, id);
    try {
      await mkdir(own, { recursive: true });
      await trash.take(item, (place) => move(path.join(place, id), dir));
    } catch (cause) {
      throw new ProtocolError('io_error', `voice ${id} could not be restored: ${diskReason(cause)}`, { cause });
    }
    return readVoice(id, dir);
  }

  async #erase(dir: string): Promise<void> {
    const leaving = path.join(path.dirname(dir), `${LEAVING}${path.basename(dir)}-${randomBytes(4).toString('hex')}`);
    try {
      await rename(dir, leaving);
    } catch (cause) {
      throw new ProtocolError('io_error', `the voice could not be removed: ${(cause as Error).message}`, { cause });
    }
    // It is no voice any more. What cannot be removed now goes with the next start.
    await rm(leaving, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
  }

  /** Lets `work` read a voice as a file; it is not deleted meanwhile. Throws voice_missing or voice_corrupt. */
  async reading<T>(voice: Voice, work: (packed: PackedVoice) => Promise<T>): Promise<T> {
    const count = (change: number): void => {
      const readers = (this.#readers.get(voice.dir) ?? 0) + change;
      if (readers === 0) this.#readers.delete(voice.dir);
      else this.#readers.set(voice.dir, readers);
    };
    count(1);
    try {
      return await work(await this.#packer.pack(voice));
    } finally {
      count(-1);
    }
  }

  /**
   * Makes a voice of a file, under `as` or the id it had. Throws bad_voice, already_exists, too_large, no_room,
   * queue_full, io_error, or the signal's reason; then nothing of it stays.
   */
  async bringIn(
    source: AsyncIterable<Uint8Array>,
    as: string | undefined,
    onProgress: (part: 'bytes' | 'tried', done: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<{ voice: Voice; bytes: number }> {
    // Each is tried in a process of its own and may take gigabytes there.
    if (this.#importing) throw new ProtocolError('queue_full', 'another voice import is in progress; try again later');
    this.#importing = true;
    const dir = path.join(this.#options.own, `${INCOMING}${newId()}`);
    try {
      return await this.#bringIn(dir, source, as, onProgress, signal);
    } catch (error) {
      await rm(dir, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
      signal.throwIfAborted();
      throw importRefusal(error);
    } finally {
      this.#importing = false;
    }
  }

  async #bringIn(
    dir: string,
    source: AsyncIterable<Uint8Array>,
    as: string | undefined,
    onProgress: (part: 'bytes' | 'tried', done: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<{ voice: Voice; bytes: number }> {
    const { own, maxBytes, freeDisk, check } = this.#options;
    if (as !== undefined) await this.#refuseTaken(as);
    await this.sweep();
    await mkdir(dir, { recursive: true });
    let whole = 0;
    const manifest = await unpackVoice(source, {
      dir,
      onManifest: async ({ voice }, bytes) => {
        whole = bytes;
        if (bytes > maxBytes)
          throw new ProtocolError('too_large', `the voice is too large; expected at most ${maxBytes} bytes`);
        if (as === undefined) await this.#refuseTaken(voice);
        const { bavail, bsize } = await statfs(dir);
        if (bavail * bsize < bytes + freeDisk)
          throw new ProtocolError(
            'no_room',
            `the voice has ${bytes} bytes; free ${bytes + freeDisk} bytes of disk space`,
          );
      },
      onProgress: (done, of) => {
        signal.throwIfAborted();
        onProgress('bytes', done, of);
      },
    });
    const id = as ?? manifest.voice;
    onProgress('tried', 0, 1);
    const voice = await readVoice(id, dir);
    // What no card asks for would lie there unseen and untried.
    if (voice.models.length !== manifest.parts.length)
      throw new VoiceFileError('its embedded base voice does not match its card, or has none of its classes');
    await check(voice);
    signal.throwIfAborted();
    onProgress('tried', 1, 1);
    // Somebody may have taken the name meanwhile.
    await this.#refuseTaken(id);
    const target = path.join(own, id);
    try {
      await rename(dir, target);
    } catch (cause) {
      if (await exists(target)) throw taken(id);
      throw cause;
    }
    return { voice: await readVoice(id, target), bytes: whole };
  }

  /** @param at the argument that names it */
  async #refuseTaken(id: string, at: 'args.as' | 'args.voice' = 'args.as'): Promise<void> {
    const { own, models, claimed } = this.#options;
    if (!isSafeId(id))
      throw refused('bad_args', `${at}: expected letters, digits, - and _, and no name of a device on Windows`, at);
    const user = claimed(id);
    if (user !== null) throw refused('already_exists', `${user} will create voice ${id}; choose another name`, at);
    for (const root of [own, models]) {
      // On some disks a name that differs in case alone is the same folder.
      const names = (await readdir(root).catch(unlessShort([], 'the voices could not be listed'))).map((name) =>
        name.toLowerCase(),
      );
      if (names.includes(id.toLowerCase())) throw at === 'args.as' ? taken(id) : inTheWay(id);
    }
  }
}

function taken(id: string): ProtocolError {
  return refused('already_exists', `voice ${id} already exists; import this one under another id (as)`, 'args.as');
}

function inTheWay(id: string): ProtocolError {
  const why = `voice ${id} already exists, in this or another case; export or delete it, then restore this one`;
  return refused('already_exists', why);
}

function refused(code: ErrorCode, message: string, at: 'args.as' | 'args.voice' = 'args.voice'): ProtocolError {
  return new ProtocolError(code, message, { path: at });
}
