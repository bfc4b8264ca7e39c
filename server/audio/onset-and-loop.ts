/** Places of a sound that other programs want to know: where it begins, and where it can go round. */
import type { Loop } from './marks.ts';

/** Seconds over which loudness is compared. */
const STRETCH = 0.005;
/** Below the loudest stretch, where the sound has begun. */
const ONSET_DB = -30;

/** The first frame of a sound that is not what was there before it: 30 dB below its loudest stretch. Null of silence. */
export function onsetOf(pcm: Float32Array, rate: number): number | null {
  const length = Math.max(1, Math.round(STRETCH * rate));
  const powers = stretches(pcm, length);
  const most = powers.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return null;
  return powers.findIndex((power) => power > most * 10 ** (ONSET_DB / 10)) * length;
}

/** Of the sound, at either end, that no loop uses: beginnings and ends are not what is in between. */
const MARGIN = 0.1;
/** How far the loudness of a tenth of a second may lie from the loop's own. */
const STEADY_DB = 6;
/** Seconds that are faded over. */
const FADE = 0.1;

/**
 * A loop through the steady part of a sound, whose end is faded into what comes before its beginning, so that going
 * round cannot be heard. Null where nothing is steady for half of the sound: a bark has no loop.
 */
export function loopOf(pcm: Float32Array, rate: number): { pcm: Float32Array; loop: Loop } | null {
  const first = Math.round(pcm.length * MARGIN);
  const last = Math.round(pcm.length * (1 - MARGIN)) - 1;
  const fade = Math.round(FADE * rate);
  if (first < fade || last - first < 4 * fade) return null;
  const powers = stretches(pcm.subarray(first, last + 1), fade);
  const own = powers.reduce((sum, power) => sum + power, 0) / powers.length;
  const far = (power: number): boolean => Math.abs(10 * Math.log10(power / own)) > STEADY_DB;
  if (own === 0 || powers.filter(far).length > powers.length / 10) return null;
  const out = pcm.slice();
  // Noise of the same kind: powers add up, so the fades are sine and cosine.
  for (let i = 0; i < fade; i++) {
    const turn = ((i + 1) / fade) * (Math.PI / 2);
    const at = last + 1 - fade + i;
    out[at] = pcm[at]! * Math.cos(turn) + pcm[first - fade + i]! * Math.sin(turn);
  }
  return { pcm: out, loop: { first, last } };
}

function stretches(pcm: Float32Array, length: number): number[] {
  return Array.from({ length: Math.ceil(pcm.length / length) }, (_, n) => {
    const part = pcm.subarray(n * length, (n + 1) * length);
    return part.reduce((sum, value) => sum + value * value, 0) / part.length;
  });
}
