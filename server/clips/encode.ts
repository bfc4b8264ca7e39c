import { writeRecipe } from '../audio/recipe.ts';
import { encodeWav } from '../audio/wav.ts';
import { version } from '../util/version.ts';
import type { NewClip } from './clip.ts';

/** A clip as a WAV that says how it was made. */
export function encodeClip({ pcm, rate, format, recipe, shape, lineage }: NewClip): Uint8Array {
  const more = { ...(shape && { shape }), ...(lineage && { lineage: { ...lineage } }) };
  return encodeWav(pcm, rate, format, {
    comment: writeRecipe({ ...recipe, version, ...more }),
    software: `foleyd ${version}`,
  });
}
