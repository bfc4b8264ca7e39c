/** `foleyd verify`: compares the samples of a file with those that its recipe generates now. */
import { fileSettings } from '../../protocol/index.ts';
import { readFlacBlocks, STREAMINFO } from '../audio/flac-blocks.ts';
import type { Recipe } from '../audio/recipe.ts';
import { findChunk } from '../audio/riff.ts';
import { decodeWav, encodeWav, type Wav, type WavFormat } from '../audio/wav.ts';
import type { ClipFile } from './like.ts';
import { asFlac } from './pack.ts';

export interface Comparison {
  identical: boolean;
  /** Largest difference between samples in dBFS; null if they are equal, or if lengths or containers differ. */
  difference: number | null;
}

/**
 * @param bytes the file
 * @param pcm what its recipe generates now
 */
export async function compareWith(
  bytes: Uint8Array,
  { recipe, format, sound }: ClipFile,
  pcm: Float32Array,
): Promise<Comparison> {
  const found: Comparison[] = [];
  // A delivered file does not record whether its clip had been saved as floats or integers.
  for (const made of recipe.delivery === undefined ? [format] : (['f32', 's16'] as const)) {
    const again = await write(bytes, recipe, encodeWav(pcm, recipe.rate, made), made);
    const compared = again === null ? { identical: false, difference: null } : compare({ bytes, sound }, again);
    if (compared.identical) return compared;
    found.push(compared);
  }
  return found[0]!;
}

/** The file that the recipe gives; null if its delivery settings are not understood. */
async function write(
  bytes: Uint8Array,
  recipe: Recipe,
  wav: Uint8Array,
  format: WavFormat,
): Promise<Uint8Array | null> {
  if (recipe.delivery === undefined) return isFlac(bytes) ? asFlac(decodeWav(wav), format) : wav;
  const parsed = fileSettings.safeParse({ ...(recipe.delivery as object), peak: 0 });
  if (!parsed.success) return null;
  const { renderFile } = await import('../delivery/file.ts');
  const name = { catId: '', fxName: '', creatorId: '', sourceId: '', userData: '' };
  const facts = { clip: '', title: '', created: 0, seed: recipe.seed, name, software: '' };
  return (await renderFile(wav, facts, parsed.data)).bytes;
}

function compare({ bytes, sound }: { bytes: Uint8Array; sound: Wav | null }, again: Uint8Array): Comparison {
  const [own, made] = [soundOf(bytes), soundOf(again)];
  if (own !== null && made !== null && Buffer.compare(own, made) === 0) return { identical: true, difference: null };
  if (sound === null || isFlac(again)) return { identical: false, difference: null };
  const [a, b] = [sound.pcm, decodeWav(again).pcm];
  if (a.length !== b.length) return { identical: false, difference: null };
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  // Equal as mono floats, but not as the file has them.
  return { identical: false, difference: largest === 0 ? null : 20 * Math.log10(largest) };
}

const isFlac = (bytes: Uint8Array): boolean => !readFlacBlocks(bytes).next().done;

/** The bytes that carry the sound: of a WAV its samples, of a FLAC what says how they lie, and its frames. */
function soundOf(bytes: Uint8Array): Uint8Array | null {
  if (!isFlac(bytes)) return findChunk(bytes, 'data');
  let end = 4;
  let stream = new Uint8Array(0);
  for (const { type, body } of readFlacBlocks(bytes)) {
    end += 4 + body.length;
    if (type === STREAMINFO) stream = body.slice();
  }
  return Buffer.concat([stream, bytes.subarray(end)]);
}
