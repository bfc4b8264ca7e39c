import { readFile } from 'node:fs/promises';
import { argsOfRecipe, type EventData } from '../../protocol/index.ts';
import { readFlacComments } from '../audio/flac.ts';
import { type Recipe, readRecipe } from '../audio/recipe.ts';
import { findChunk } from '../audio/riff.ts';
import { decodeWav, type Wav, type WavFormat } from '../audio/wav.ts';
import { diskReason } from '../util/disk-reason.ts';
import { CliError } from './errors.ts';
import type { Session } from './session.ts';

type Voice = EventData<'voice.list', 'done'>['voices'][number];

/** Throws io_error. */
export async function readSound(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError('io_error', `${file} cannot be read: ${diskReason(error)}`, error);
  }
}

export interface ClipFile {
  recipe: Recipe;
  /** The recipe as text. */
  comment: string;
  /** How its samples are written. */
  format: WavFormat;
  /** Null of a FLAC, which is not decoded here. */
  sound: Wav | null;
}

/** How a clip was made, and its sound. Throws io_error or no_recipe. */
export async function readClip(file: string): Promise<ClipFile> {
  return clipIn(file, await readSound(file));
}

/** The same of bytes that were read. Throws no_recipe. */
export function clipIn(file: string, bytes: Uint8Array): ClipFile {
  const flac = readFlacComments(bytes);
  const sound = flac === null ? wavIn(file, bytes) : null;
  const comment = sound === null ? flac?.get('FOLEYD') : sound.info.comment;
  const recipe = comment === undefined ? null : readRecipe(comment);
  if (comment === undefined || recipe === null)
    throw new CliError(
      'no_recipe',
      `${file} contains no recipe: foleyd did not make it, or another program saved it again without the comment`,
    );
  return { recipe, comment, format: sound === null ? formatOfFlac(bytes) : formatOfWav(bytes), sound };
}

/** Bits of a sample, less one, in the stream information (RFC 9639, 8.2): the last bit of one byte, four of the next. */
function formatOfFlac(bytes: Uint8Array): WavFormat {
  return (((bytes[20]! & 1) << 4) | (bytes[21]! >> 4)) + 1 === 16 ? 's16' : 'f32';
}

/** Integers or floats; a delivered file may have more bits than either of ours. */
function formatOfWav(bytes: Uint8Array): WavFormat {
  return findChunk(bytes, 'fmt ')?.[0] === 1 ? 's16' : 'f32';
}

function wavIn(file: string, bytes: Uint8Array): Wav {
  try {
    return decodeWav(bytes);
  } catch (error) {
    throw new CliError(
      'no_recipe',
      `${file}: ${(error as Error).message}; give a WAV or FLAC that foleyd wrote`,
      error,
    );
  }
}

/** Recordings that a voice learned from, by licence, as its card says; null where it does not. */
export async function licencesOf(session: Session, voice: string): Promise<Record<string, number> | null> {
  const { card } = await session.call('voice.info', { voice });
  const { licences } = (card.data ?? {}) as { licences?: Record<string, number> };
  return licences ?? null;
}

const WHY_NOT = {
  stream: 'the clip was cut from a stream, so its seed alone does not regenerate it; use foleyd stream --like FILE',
  lineage:
    'the clip was made from another clip, so its seed alone does not regenerate it; use foleyd vary with its id and --amount 0 on the server that stores its codes',
};

/** The arguments of foley.generate that make the same clip again. Throws no_recipe for one made from another. */
export function argsOf(recipe: Recipe): Record<string, unknown> {
  const args = argsOfRecipe(recipe);
  if (args === 'stream' || args === 'lineage') throw new CliError('no_recipe', WHY_NOT[args]);
  return args;
}

/**
 * The voice to make it with: the very one, whatever it is called now. Another one only when a person names it, and
 * then with a warning, since the clip will be another.
 */
export function voiceFor(
  recipe: Recipe,
  voices: readonly Voice[],
  named?: string,
): { voice: string; warning: string | null } {
  const chosen = voices.find((voice) => voice.id === named);
  if (named !== undefined && chosen?.hash !== recipe.voice) {
    const have = chosen === undefined ? '' : ` (${short(chosen.hash)})`;
    return {
      voice: named,
      warning: `this clip was made by voice ${recipe.voiceId} (${short(recipe.voice)}), not by ${named}${have}: the result will differ`,
    };
  }
  const same = chosen ?? voices.find((voice) => voice.hash === recipe.voice);
  if (same !== undefined) return { voice: same.id, warning: null };
  const other = voices.find((voice) => voice.id === recipe.voiceId);
  const why =
    other === undefined ? 'no installed voice has that hash' : `the installed ${other.id} is ${short(other.hash)}`;
  throw new CliError(
    'voice_mismatch',
    `the clip was made by voice ${recipe.voiceId} (${short(recipe.voice)}), but ${why}; use --voice ID to make a different clip with another voice`,
  );
}

/** The same among the voices of a server; says the warning. */
export async function voiceOnServer(session: Session, recipe: Recipe, named?: string): Promise<string> {
  const { voices } = await session.call('voice.list', {});
  const { voice, warning } = voiceFor(recipe, voices, named);
  if (warning !== null) process.stderr.write(`foleyd: voice_mismatch: ${warning}\n`);
  return voice;
}

const short = (hash: string): string => hash.slice(0, 12);
