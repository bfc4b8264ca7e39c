import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileNameKey, isFileName } from '../../protocol/file-name.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { exists } from '../util/atomic-file.ts';
import { SerialQueues } from '../util/serial-queue.ts';
import { unlessShort } from '../util/shortage.ts';
import { filesBelow } from './recordings-folder.ts';

export interface UploadOptions {
  dir: string;
  /** Bytes and files of one upload, and uploads at a time. */
  maxBytes: number;
  maxFiles?: number;
  /** What a file may end with. */
  endings?: readonly string[];
  most?: number;
  /** Milliseconds of a clock that nobody sets; tests give their own. */
  steady?: () => number;
}

/** `Class/take 1.wav` or `take 1.wav`: at most one folder, and nothing that a system or a shell takes amiss. */
const PART = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} _.,+()'&-]{0,126}$/u;
const EXPECTED =
  'expected a name, or a class and a name with / between, that is a file name on every system (no : * ? " < > |, no dot or space at the end, no device name such as con.wav)';
const UNKNOWN = 'how much of the upload is here could not be looked up';
const AUDIO = ['.wav', '.flac', '.ogg', '.mp3', '.aif', '.aiff'];
/** Uploads that nobody went on with for so long are removed when another begins. */
const STALE_MS = 24 * 3_600_000;

interface Known {
  bytes: number;
  files: Map<string, number>;
  /** When it was last written to, by a clock that nobody sets. */
  touched: number;
}

/** Recordings, and other files, on their way here, in pieces: a folder per upload. Pieces of a file come in order, so what was lost is known. */
export class Uploads {
  readonly #options: Required<Omit<UploadOptions, 'steady'>>;
  readonly #steady: () => number;
  /** Of one upload after the other. */
  readonly #queues = new SerialQueues();
  /** By upload. */
  readonly #known = new Map<string, Known>();

  constructor(options: UploadOptions) {
    this.#steady = options.steady ?? (() => performance.now());
    this.#options = { maxFiles: 5000, most: 16, endings: AUDIO, ...options };
  }

  /** Whether the upload has begun. */
  async has(id: string): Promise<boolean> {
    return exists(path.join(this.#options.dir, id));
  }

  /** Where the recordings of an upload lie. Throws bad_args where there are none. */
  async folder(id: string): Promise<string> {
    const dir = path.join(this.#options.dir, id);
    if ((await stat(dir).catch(() => null)) === null)
      throw new ProtocolError('bad_args', `args.upload: there is no upload ${id}; send its files first`, {
        path: 'args.upload',
      });
    return dir;
  }

  /** Adds bytes to a file at `offset`, which is as long as it is so far; at 0 the file begins anew. Resolves with its length. */
  write(id: string, given: string, offset: number, bytes: Uint8Array): Promise<number> {
    return this.#queues.run(fileNameKey(id), async () => {
      // macOS takes accents apart, other systems do not: one name for both.
      const file = given.normalize('NFC');
      const parts = file.split('/');
      if (parts.length > 2 || !parts.every((part) => PART.test(part) && isFileName(part)))
        throw new ProtocolError('bad_args', `args.file: ${EXPECTED}`, {
          path: 'args.file',
        });
      const { endings } = this.#options;
      if (!endings.includes(path.extname(file).toLowerCase()))
        throw new ProtocolError('bad_args', `args.file: expected ${endings.join(', ')}`, {
          path: 'args.file',
        });
      const known = await this.#open(id);
      const others = known.files.has(file) ? [] : [...known.files.keys()];
      const clash = others.find((other) => differsByCase(other, file));
      if (clash !== undefined)
        throw new ProtocolError('bad_args', `args.file: differs from ${clash} only by case; rename one of them`, {
          path: 'args.file',
        });
      const had = known.files.get(file) ?? 0;
      if (offset !== 0 && offset !== had)
        throw new ProtocolError(
          'bad_args',
          `args.offset: ${had} bytes of this file have been uploaded; expected that offset, or 0 to begin again`,
          {
            path: 'args.offset',
          },
        );
      const { maxBytes, maxFiles, dir } = this.#options;
      if (known.bytes - (offset === 0 ? had : 0) + bytes.length > maxBytes)
        throw new ProtocolError('too_large', `the upload is too large; expected at most ${maxBytes} bytes`);
      if (!known.files.has(file) && known.files.size >= maxFiles)
        throw new ProtocolError('too_large', `the upload has too many files; expected at most ${maxFiles}`);
      const place = path.join(dir, id, ...parts);
      try {
        await mkdir(path.dirname(place), { recursive: true });
        const handle = await open(place, offset === 0 ? 'w' : 'a');
        try {
          await handle.writeFile(bytes);
        } finally {
          await handle.close();
        }
      } catch (cause) {
        // Nobody knows how much of it was written: what lies there says so to the next piece.
        this.#known.delete(id);
        throw new ProtocolError('io_error', `the upload could not be written: ${(cause as Error).message}`, { cause });
      }
      known.bytes += bytes.length - (offset === 0 ? had : 0);
      known.files.set(file, offset + bytes.length);
      return offset + bytes.length;
    });
  }

  remove(id: string): Promise<void> {
    return this.#queues.run(fileNameKey(id), async () => {
      this.#known.delete(id);
      await rm(path.join(this.#options.dir, id), { recursive: true, force: true });
    });
  }

  async #open(id: string): Promise<Known> {
    const had = this.#known.get(id);
    if (had !== undefined) return Object.assign(had, { touched: this.#steady() });
    const { dir, most } = this.#options;
    const others = (await readdir(dir).catch(unlessShort([], 'the uploads could not be listed'))).filter(
      (name) => name !== id,
    );
    const left = new Set(others);
    for (const name of others) {
      const touched = await stat(path.join(dir, name)).catch(() => null);
      if (touched === null || Date.now() - touched.mtimeMs < STALE_MS) continue;
      // A clock that was set a day forward makes nothing old.
      const known = this.#known.get(name);
      if (known !== undefined && this.#steady() - known.touched < STALE_MS) continue;
      this.#known.delete(name);
      await rm(path.join(dir, name), { recursive: true, force: true });
      left.delete(name);
    }
    const twin = [...left].find((name) => fileNameKey(name) === fileNameKey(id));
    if (twin !== undefined)
      throw new ProtocolError(
        'bad_args',
        `args.upload: differs from the upload ${twin} only by case; choose another name`,
        {
          path: 'args.upload',
        },
      );
    if (left.size >= most)
      throw new ProtocolError(
        'queue_full',
        `${left.size} uploads are already open; use one of them up, or try again later`,
      );
    // What was uploaded before the server was started again counts too.
    const files = new Map<string, number>();
    for (const { name, bytes } of await filesBelow(path.join(dir, id)).catch(unlessShort([], UNKNOWN)))
      files.set(name, bytes);
    const bytes = [...files.values()].reduce((sum, some) => sum + some, 0);
    const known = { files, bytes, touched: this.#steady() };
    this.#known.set(id, known);
    return known;
  }
}

/** Whether two files, or their folders, would be one where case makes no difference. */
function differsByCase(a: string, b: string): boolean {
  const [one, other] = [a.split('/'), b.split('/')];
  const differ = (x: string, y: string): boolean => x !== y && fileNameKey(x) === fileNameKey(y);
  return differ(a, b) || (one.length === 2 && other.length === 2 && differ(one[0]!, other[0]!));
}
