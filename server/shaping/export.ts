import { resample } from '../audio/resample.ts';
import { decodeWav, encodeWav, type WavFormat } from '../audio/wav.ts';
import type { Shape } from '../clips/clips.ts';
import { shapeSound } from './shape.ts';

export interface ExportOptions {
  format: WavFormat;
  /** Hz; the clip's own without. */
  rate?: number | undefined;
  shape: Shape;
}

/** A WAV in another form; what it says of itself stays. Throws WavError. */
export async function exportWav(
  wav: Uint8Array,
  options: ExportOptions,
): Promise<{ wav: Uint8Array; seconds: number }> {
  const { pcm, rate, info } = decodeWav(wav);
  const hertz = options.rate ?? rate;
  const sound = await resample(shapeSound(pcm, rate, options.shape), rate, hertz);
  return { wav: encodeWav(sound, hertz, options.format, info), seconds: sound.length / hertz };
}
