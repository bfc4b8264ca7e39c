import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { readChunks } from '../util/read-chunks.ts';
import { throwShortage, unlessShort } from '../util/shortage.ts';
import {
  CARD,
  CREDITS,
  EMBEDDER,
  type FileEntry,
  isTooLong,
  readContents,
  sha256Of,
  VOICE_FILE_ENDING,
  VoiceFileError,
  writeHead,
} from './archive-format.ts';
import type { Voice } from './voice.ts';

/** A voice as the file it would be; nothing of it is written anywhere. */
export interface PackedVoice {
  /** What to call it. */
  name: string;
  bytes: number;
  /** SHA-256 of all before the first file, which has the SHA-256 of each: two with one tag have the same bytes. */
  tag: string;
  /** Bytes from `from` up to, not including, `to`. Rejects with io_error where a file has become another meanwhile. */
  read(from: number, to: number): AsyncGenerator<Uint8Array>;
}

interface PlacedEntry extends FileEntry {
  dir: string;
}

/** Files are hashed once, as long as they look the same; of so many voices that is remembered. */
const REMEMBERED = 8;

/** Voices as files. */
export class VoicePacker {
  readonly #packed = new Map<string, { stamp: string; packed: PackedVoice }>();

  /** Throws voice_missing or voice_corrupt: no voice leaves whose files are not those of its card. */
  async pack(voice: Voice): Promise<PackedVoice> {
    // Itself, and the voices it carries along: without them it would make other clips.
    const parts = await Promise.all(voice.models.map(({ dir }) => entriesOf(voice.id, dir)));
    const placed = parts.flatMap((entries, i) => entries.map((entry) => ({ ...entry, dir: voice.models[i]!.dir })));
    const stamp = JSON.stringify([voice.id, await stampsOf(placed)]);
    const known = this.#packed.get(voice.dir);
    if (known?.stamp === stamp) return known.packed;
    for (const { dir, name, sha256 } of placed) {
      if ((await hashOf(path.join(dir, name))) !== sha256)
        throw new ProtocolError('voice_corrupt', `voice ${voice.id}: ${name} does not match its card`);
    }
    const packed = packedOf(voice.id, parts, placed);
    this.#packed.delete(voice.dir);
    this.#packed.set(voice.dir, { stamp, packed });
    for (const dir of this.#packed.keys()) if (this.#packed.size > REMEMBERED) this.#packed.delete(dir);
    return packed;
  }
}

async function entriesOf(id: string, dir: string): Promise<FileEntry[]> {
  const text = (name: string): Promise<Buffer | null> =>
    readFile(path.join(dir, name)).catch(unlessShort(null, `${name} of voice ${id} could not be read`));
  const [card, embedder, credits] = await Promise.all([CARD, EMBEDDER, CREDITS].map(text));
  if (card == null) throw new ProtocolError('voice_missing', `voice ${id} has no card.json`);
  const entry = (name: string, bytes: Buffer | null | undefined): FileEntry[] =>
    bytes == null || bytes.length === 0 ? [] : [{ name, bytes: bytes.length, sha256: sha256Of(bytes) }];
  try {
    const texts = [...entry(CARD, card), ...entry(EMBEDDER, embedder), ...entry(CREDITS, credits)];
    const long = texts.find(isTooLong);
    if (long !== undefined) throw new VoiceFileError(`${long.name} is too large`);
    return [...texts, ...readContents(card, embedder ?? null).files];
  } catch (error) {
    if (!(error instanceof VoiceFileError)) throw error;
    throw new ProtocolError('voice_corrupt', `voice ${id}: ${error.message}`, { cause: error });
  }
}

async function stampsOf(entries: readonly PlacedEntry[]): Promise<unknown[]> {
  return Promise.all(
    entries.map(async ({ dir, name, bytes, sha256 }) => {
      const found = await stat(path.join(dir, name)).catch((cause: unknown) => {
        throw new ProtocolError('voice_missing', `${name} of the voice is missing`, { cause });
      });
      if (found.size !== bytes)
        throw new ProtocolError('voice_corrupt', `${name} has ${found.size} bytes, the card says ${bytes}`);
      return [dir, name, sha256, found.mtimeMs, found.ino];
    }),
  );
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of readChunks(file)) hash.update(chunk);
  } catch (cause) {
    throwShortage(cause, `${path.basename(file)} of the voice could not be read`);
    throw new ProtocolError('voice_missing', `${path.basename(file)} of the voice cannot be read`, { cause });
  }
  return hash.digest('hex');
}

function packedOf(id: string, parts: FileEntry[][], files: readonly PlacedEntry[]): PackedVoice {
  const head = writeHead({ voice: id, parts });
  const bytes = files.reduce((sum, file) => sum + file.bytes, head.length);
  async function* read(from: number, to: number): AsyncGenerator<Uint8Array> {
    if (from < head.length) yield head.subarray(from, Math.min(to, head.length));
    let begin = head.length;
    for (const file of files) {
      const [first, end] = [Math.max(from - begin, 0), Math.min(to - begin, file.bytes)];
      begin += file.bytes;
      if (first >= end) continue;
      let left = end - first;
      try {
        for await (const chunk of readChunks(path.join(file.dir, file.name), { start: first, end: end - 1 })) {
          left -= chunk.length;
          yield chunk;
        }
      } catch (cause) {
        throw new ProtocolError('io_error', `${file.name} of voice ${id} cannot be read`, { cause });
      }
      if (left !== 0)
        throw new ProtocolError(
          'io_error',
          `${file.name} of voice ${id} changed while it was being read; export it again`,
        );
    }
  }
  return { name: `${id}${VOICE_FILE_ENDING}`, bytes, tag: sha256Of(head), read };
}
