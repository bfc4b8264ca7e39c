import { lstat, mkdir, open, readdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { fileNameKey, isFileName } from '../../protocol/file-name.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { settle } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { digestOf } from '../util/file-digest.ts';
import { newId } from '../util/new-id.ts';

export interface FolderOptions {
  /** Nothing is written outside of it. */
  root: string;
  /** Bytes of disk that must stay free. */
  freeDisk: number;
  /** Bytes of all files below the root. */
  maxBytes: number;
}

/** A file that is being written; whoever watches a folder leaves out what begins with a dot. */
const PART = /^\.foleyd-[0-9a-f]{16}\.part$/;
const MAX_NAMES = 10_000;
/** Files that are counted before a folder is taken for too large. */
const MAX_FILES = 200_000;

/**
 * A folder that takes files whole or not at all: each is written under a name that begins with a dot, then moved in one
 * step to a name that was free. No file is ever replaced, and no name leads out of the root, by a link either.
 */
export class Folder {
  readonly #options: FolderOptions;
  /** Bytes below the root, as far as we know; null before they were counted. */
  #bytes: number | null = null;
  /** The disk that shows at the root's place while its own is taken away; null before the first file, and without one. */
  #below: number | null = null;
  /** Files that are being written here. */
  readonly #parts = new Set<string>();

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  get root(): string {
    return this.#options.root;
  }

  /**
   * The path of the new file: `stem.ending`, or with a number behind the stem where that is taken.
   * Throws bad_args for names that are none, no_room, io_error.
   * @param below folders below the root with / between them, or nothing
   * @param onName hears path and digest before the file appears there
   */
  async put(
    below: string,
    stem: string,
    ending: string,
    data: Uint8Array,
    onName?: (path: string, sha256: string) => Promise<void>,
  ): Promise<string> {
    checkStem(stem);
    try {
      const dir = await this.#enter(below);
      await this.#checkRoom(dir, data.byteLength);
      const part = path.join(dir, `.foleyd-${newId()}.part`);
      this.#parts.add(part);
      try {
        await writeSynced(part, data);
        const sha256 = onName && digestOf(data);
        const before = async (place: string): Promise<void> => onName?.(place, sha256!);
        const file = await this.#settle(part, dir, stem.normalize('NFC'), ending, before);
        this.#bytes = (this.#bytes ?? 0) + data.byteLength;
        return file;
      } finally {
        await rm(part, { force: true }).catch(() => undefined);
        this.#parts.delete(part);
      }
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError('io_error', `the file could not be written: ${diskReason(error)}`, { cause: error });
    }
  }

  /** Removes what a crash left half written. Throws bad_args and io_error, as `put` does. */
  async clean(below: string): Promise<void> {
    try {
      const dir = await this.#enter(below);
      await this.#removeParts(dir, await readdir(dir));
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError('io_error', `${this.root} cannot be used: ${diskReason(error)}`, { cause: error });
    }
  }

  /** Removes what a crash left half written in it and in all folders below it, where it is there. Rejects with what the disk says. */
  async cleanAll(): Promise<void> {
    const { root } = this.#options;
    const names = await readdir(root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    await this.#removeParts(root, names);
  }

  async #removeParts(dir: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const part = path.join(dir, name);
      if (PART.test(path.basename(name)) && !this.#parts.has(part)) await rm(part, { force: true });
    }
  }

  /** The folder itself, made where it is not there. */
  async #enter(below: string): Promise<string> {
    const steps = below === '' ? [] : below.normalize('NFC').split('/');
    for (const step of steps) if (!isPlain(step)) throw badName('args.folder');
    const { root } = this.#options;
    const dir = path.join(root, ...steps);
    // A disk that was taken away leaves its place behind: a file written there would be missed when it is back.
    if (this.#below !== null && (await diskOf(root)) === this.#below)
      throw new ProtocolError(
        'io_error',
        `${root} is not on the disk that it was on; connect that disk again, or restart foleyd to use the folder that is there now`,
      );
    await mkdir(dir, { recursive: true });
    this.#below ??= await diskBelow(root);
    const [real, top] = await Promise.all([realpath(dir), realpath(root)]);
    // Where case makes no difference, a folder that is there keeps its own.
    if (fileNameKey(real) === fileNameKey(path.join(top, ...steps))) return real;
    throw new ProtocolError(
      'bad_args',
      'args.folder: a link leads out of the delivery folder; expected a folder inside it',
      { path: 'args.folder' },
    );
  }

  async #settle(
    part: string,
    dir: string,
    stem: string,
    ending: string,
    onName: (path: string) => Promise<void>,
  ): Promise<string> {
    // What differs in case alone is one file on other systems, which the folder may be copied to.
    const taken = new Set((await readdir(dir)).map(fileNameKey));
    for (let n = 1; n < MAX_NAMES; n++) {
      const file = path.join(dir, `${stem}${n > 1 ? `-${n}` : ''}.${ending}`);
      if (taken.has(fileNameKey(path.basename(file))) || (await lstat(file).catch(() => null)) !== null) continue;
      await onName(file);
      if (await settle(part, file)) return file;
    }
    throw new ProtocolError('io_error', `too many files are named ${stem}; choose another name`);
  }

  async #checkRoom(dir: string, bytes: number): Promise<void> {
    const { freeDisk, maxBytes, root } = this.#options;
    const { bavail, bsize } = await statfs(dir);
    if (bavail * bsize - bytes < freeDisk) {
      throw new ProtocolError(
        'no_room',
        `${mib(bavail * bsize)} of disk space are free, ${Math.ceil(bytes / 1024)} KiB are to be written and ${mib(freeDisk)} must stay free: free some, or lower --limits deliverFreeDisk=`,
      );
    }
    if (this.#bytes === null || this.#bytes + bytes > maxBytes) this.#bytes = await sizeOf(root);
    if (this.#bytes + bytes > maxBytes) {
      throw new ProtocolError(
        'no_room',
        `${mib(this.#bytes)} are in the folder; its limit is ${mib(maxBytes)}: move files away, or raise --limits deliverBytes=`,
      );
    }
  }
}

/** One step of a path: a plain name on every system, with no separators, no leading dot, and none of Windows' devices. */
function isPlain(name: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} _.+,()-]{0,149}$/u.test(name) && isFileName(name);
}

function checkStem(stem: string): void {
  if (!isPlain(stem)) throw badName('args.name');
}

function badName(at: string): ProtocolError {
  const message = `${at}: letters, digits, spaces and _.+,()- only, beginning with a letter or digit, at most 150, and no name that Windows keeps for a device`;
  return new ProtocolError('bad_args', message, { path: at });
}

async function writeSynced(file: string, data: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The disk of a path, or where it is not there of the nearest folder above that is. */
async function diskOf(place: string): Promise<number> {
  try {
    return (await stat(place)).dev;
  } catch (error) {
    const above = path.dirname(place);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === place) throw error;
    return diskOf(above);
  }
}

/** The disk that the disk of a folder is mounted on; null where it is mounted on none. Numbers of disks may be others after a mount. */
async function diskBelow(folder: string): Promise<number | null> {
  const own = await diskOf(folder);
  for (let [at, above] = [folder, path.dirname(folder)]; at !== above; [at, above] = [above, path.dirname(above)]) {
    const disk = await diskOf(above);
    if (disk !== own) return disk;
  }
  return null;
}

async function sizeOf(root: string): Promise<number> {
  let [bytes, count] = [0, 0];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    if (++count > MAX_FILES)
      throw new ProtocolError('no_room', `the folder has more than ${MAX_FILES} files; move some away`);
    bytes += (await lstat(path.join(entry.parentPath ?? entry.path, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}

const mib = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
