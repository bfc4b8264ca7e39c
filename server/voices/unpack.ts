import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import {
  CARD,
  CREDITS,
  checkText,
  EMBEDDER,
  type FileEntry,
  folderOfPart,
  isText,
  isTooLong,
  type Manifest,
  PREFIX_BYTES,
  readContents,
  readManifest,
  readPrefix,
  VoiceFileError,
} from './archive-format.ts';

export interface UnpackOptions {
  /** An empty folder of its own: what is written there is good only once all is. */
  dir: string;
  /** Hears of the manifest before anything is written, and may throw. */
  onManifest: (manifest: Manifest, bytes: number) => Promise<void>;
  /** Bytes of the file so far, and of all. */
  onProgress: (done: number, of: number) => void;
}

/**
 * Takes a voice apart into a folder. Nothing is believed: each file's size and SHA-256 must be the manifest's and those
 * of the card, and files that no card names are refused before they are written. Throws VoiceFileError, or what the
 * source and the disk say.
 */
export async function unpackVoice(source: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<Manifest> {
  const intake = new Intake(source);
  try {
    return await unpackFrom(intake, options);
  } finally {
    await intake.leave();
  }
}

async function unpackFrom(intake: Intake, { dir, onManifest, onProgress }: UnpackOptions): Promise<Manifest> {
  const length = readPrefix(await intake.take(PREFIX_BYTES));
  const manifest = readManifest(await intake.take(length));
  const of = manifest.parts.flat().reduce((sum, { bytes }) => sum + bytes, PREFIX_BYTES + length);
  for (const files of manifest.parts) checkOrder(files);
  await onManifest(manifest, of);
  const onPart = (): void => onProgress(intake.taken, of);
  onPart();
  for (const [i, files] of manifest.parts.entries()) {
    const place = folderOfPart(dir, i);
    await mkdir(place, { recursive: true });
    await unpackPart(intake, place, files, onPart);
  }
  if (!(await intake.isOver())) throw new VoiceFileError('there is data after its last file');
  return manifest;
}

async function unpackPart(intake: Intake, dir: string, files: readonly FileEntry[], onPart: () => void): Promise<void> {
  const texts = files.filter(isText);
  const read = new Map<string, Uint8Array>();
  for (const entry of texts) {
    const bytes = await intake.take(entry.bytes);
    checkText(bytes, entry.name);
    await writeEntry(dir, entry, single(bytes));
    read.set(entry.name, bytes);
    onPart();
  }
  const { files: named } = readContents(read.get(CARD)!, read.get(EMBEDDER) ?? null);
  const rest = files.slice(texts.length);
  const differs = rest.find((entry, i) => JSON.stringify(entry) !== JSON.stringify(inOrder(named[i])));
  if (differs !== undefined) throw new VoiceFileError(`${differs.name} does not match its card, or is missing`);
  if (named.length > rest.length) throw new VoiceFileError(`${named[rest.length]!.name} is missing`);
  for (const entry of rest) {
    await writeEntry(dir, entry, intake.pass(entry.bytes));
    onPart();
  }
}

/** The texts come first, the card before all: what else may come is known before it does. */
function checkOrder(files: readonly FileEntry[]): void {
  const texts = files.filter(isText);
  const wanted = [CARD, EMBEDDER, CREDITS].filter(
    (name) => name === CARD || texts.some((entry) => entry.name === name),
  );
  if (wanted.some((name, i) => files[i]?.name !== name))
    throw new VoiceFileError(`the manifest must begin with ${wanted.join(', ')}`);
  const long = texts.find(isTooLong);
  if (long !== undefined) throw new VoiceFileError(`${long.name} is too large`);
}

function inOrder(entry: FileEntry | undefined): FileEntry | null {
  return entry === undefined ? null : { name: entry.name, bytes: entry.bytes, sha256: entry.sha256 };
}

async function writeEntry(dir: string, entry: FileEntry, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256');
  const handle: FileHandle = await open(path.join(dir, entry.name), 'wx', 0o644);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    // Before the folder gets its name: a voice that is there is whole, whenever the power fails.
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== entry.sha256) throw new VoiceFileError(`${entry.name} does not have the stated SHA-256`);
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Exactly as many bytes as are asked for, however they come. */
class Intake {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  taken = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** So many bytes whole; few enough to hold. */
  async take(bytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.pass(bytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *pass(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new VoiceFileError('it is truncated');
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      this.taken += chunk.length;
      yield chunk;
    }
  }

  /** Nothing more is wanted, whether it is over or not. */
  async leave(): Promise<void> {
    await this.#source.return?.();
  }

  async isOver(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  async #more(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#rest = value;
    }
    return true;
  }
}
