import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { embedderCardSchema } from '../cards/embedder-card.ts';
import { graphNames } from '../cards/graph-names.ts';
import { type VoiceCard, voiceCardSchema } from '../cards/voice-card.ts';
import { BASE, isSafeId, isSafeName, MAX_BASES } from './names.ts';

/**
 * A voice as one file: `FOLEYVOX`, version and length of the manifest (uint32, little-endian), the manifest as JSON in
 * UTF-8, then the bytes of its files, one after the other in its order, and nothing else.
 *
 * Neither tar nor zip, on purpose. Both say names and sizes in several places that may contradict each other, know
 * links, modes, folders and compression, and leave many of their bytes to the program that writes them. Here the manifest is read before
 * any byte is written, names are file names without folders, the total length follows from the manifest, both ends stream without looking
 * back, and the same voice gives the same bytes. The price is that no other program opens it; the manifest is text, so
 * `head -c 2000` shows what is inside.
 */
const MAGIC = Buffer.from('FOLEYVOX', 'latin1');
const VERSION = 1;
/** Bytes before the manifest. */
export const PREFIX_BYTES = MAGIC.length + 8;
const MAX_MANIFEST_BYTES = 64 * 1024;
/** Files of one voice: two cards and the credits, all graphs, the three files of the embedder, and the fingerprints. */
const MAX_FILES = 3 + graphNames.length + 4;
/** Nesting depth of a card (known cards have five levels), so that code which walks one ends. */
const MAX_DEPTH = 32;
/** Texts are read whole: card.json, embedder.json, credits.csv. */
const MAX_TEXT_BYTES = 4 * 2 ** 20;

export const VOICE_FILE_ENDING = '.foleyvoice';

const entrySchema = z.strictObject({
  name: z.string().refine(isSafeName, 'is not a plain file name'),
  bytes: z
    .int()
    .min(1)
    .max(2 ** 31),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifestSchema = z
  .strictObject({
    /** Its id where it came from. */
    voice: z.string().refine(isSafeId, 'is not a voice id'),
    /** Its own files, then those of the voice that it carries along in its folder `base`, and so on: no name has a path. */
    parts: z
      .array(z.array(entrySchema).min(1).max(MAX_FILES))
      .min(1)
      .max(1 + MAX_BASES),
  })
  // Some file systems ignore case: names that differ only in case would be one file.
  .refine(
    ({ parts }) => parts.every((files) => new Set(files.map(({ name }) => name.toLowerCase())).size === files.length),
    {
      error: 'two files share a name',
      path: ['parts'],
    },
  );

export type FileEntry = z.infer<typeof entrySchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** Why a file is not a valid voice archive. The caller adds the error code. */
export class VoiceFileError extends Error {
  override readonly name = 'VoiceFileError';
}

/** Everything before the first file. */
export function writeHead({ voice, parts }: Manifest): Buffer {
  // Field by field: the bytes must not depend on how the object came about.
  const listed = parts.map((files) => files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })));
  const manifest = Buffer.from(JSON.stringify({ voice, parts: listed }), 'utf8');
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(VERSION, 0);
  numbers.writeUInt32LE(manifest.length, 4);
  return Buffer.concat([MAGIC, numbers, manifest]);
}

/** Length of the manifest that follows the first PREFIX_BYTES. Throws VoiceFileError. */
export function readPrefix(prefix: Uint8Array): number {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new VoiceFileError(
      'this is not a voice file; expected a .foleyvoice file, or a folder, that foleyd voice export wrote',
    );
  const version = bytes.readUInt32LE(MAGIC.length);
  if (version !== VERSION)
    throw new VoiceFileError(
      `it has version ${version}; this foleyd reads version ${VERSION}: update the older of the two`,
    );
  const length = bytes.readUInt32LE(MAGIC.length + 4);
  if (length > MAX_MANIFEST_BYTES) throw new VoiceFileError('its manifest is too large');
  return length;
}

/** Throws VoiceFileError. */
export function readManifest(bytes: Uint8Array): Manifest {
  const parsed = manifestSchema.safeParse(jsonOf(bytes, 'the manifest'));
  if (parsed.success) return parsed.data;
  throw new VoiceFileError(`the manifest: ${explained(parsed.error)}`);
}

/** What a voice consists of beside its card: the files that the card and the embedder's card vouch for, in their order. */
export interface Contents {
  card: VoiceCard;
  files: FileEntry[];
}

/** Throws VoiceFileError for an invalid card, or one that names a graph which no voice has. */
export function readContents(cardBytes: Uint8Array, embedderBytes: Uint8Array | null): Contents {
  const card = parsed(voiceCardSchema, cardBytes, 'card.json');
  const embedder = embedderBytes === null ? null : parsed(embedderCardSchema, embedderBytes, 'embedder.json');
  const known = new Set<string>(graphNames);
  const strange = Object.keys(card.graphs).find((name) => !known.has(name));
  if (strange !== undefined) throw new VoiceFileError(`card.json: a voice has no graph ${strange.slice(0, 40)}`);
  const graphs = [...graphNames.map((name) => card.graphs[name]), embedder?.graph];
  const arrays = [embedder?.reference, embedder?.ranking, card.fingerprints].map(ending('.npz'));
  const files = [...graphs.map(ending('.onnx')), ...arrays].filter((file) => file !== null);
  if (new Set(files.map(({ name }) => name.toLowerCase())).size !== files.length)
    throw new VoiceFileError('two graphs share a file');
  return { card, files };
}

/** Text files, whose hashes no card holds. CARD is in every voice and comes first. */
export const CARD = 'card.json';
export const EMBEDDER = 'embedder.json';
export const CREDITS = 'credits.csv';

export function isText({ name }: FileEntry): boolean {
  return [CARD, EMBEDDER, CREDITS].includes(name);
}

export function isTooLong(entry: FileEntry): boolean {
  return isText(entry) && entry.bytes > MAX_TEXT_BYTES;
}

/** UTF-8 without control characters but line ends and tabs: nothing that is a program under the name of a text. */
export function checkText(bytes: Uint8Array, name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is the point
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(textOf(bytes, name)))
    throw new VoiceFileError(`${name} is not plain UTF-8 text`);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Folder of the n-th part, below the voice's own. */
export function folderOfPart(dir: string, part: number): string {
  return path.join(dir, ...Array.from({ length: part }, () => BASE));
}

function ending(suffix: string) {
  return (given: { file: string; sha256: string; bytes: number } | undefined): FileEntry | null => {
    if (given === undefined) return null;
    const { file: name, sha256, bytes } = given;
    if (!isSafeName(name) || !name.endsWith(suffix))
      throw new VoiceFileError(`${name} is not a file name that ends with ${suffix}`);
    return { name, bytes, sha256 };
  };
}

function parsed<T>(schema: z.ZodType<T>, bytes: Uint8Array, name: string): T {
  const result = schema.safeParse(jsonOf(bytes, name));
  if (result.success) return result.data;
  throw new VoiceFileError(`${name}: ${explained(result.error)}`);
}

function jsonOf(bytes: Uint8Array, name: string): unknown {
  const text = textOf(bytes, name);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new VoiceFileError(`${name} is not JSON`);
  }
  if (isTooDeep(json)) throw new VoiceFileError(`${name} is nested too deeply`);
  return json;
}

/** Without recursion: that is what too deep a card would break. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new VoiceFileError(`${name} is not plain UTF-8 text`);
  }
}

function explained({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'it'}: ${issue?.message}`.slice(0, 300);
}
