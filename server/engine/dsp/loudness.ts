/**
 * The loudness contour that a voice may follow, from audio: the level of every mel frame in dB, as the trainer's
 * `features/loudness.py` has it. A full-scale sine is at -3.
 */
import { frameCount, reflect } from './frames.ts';

/** Levels lie between these, in dB. */
export const LEVEL_MIN = -90;
export const LEVEL_MAX = 0;
const CENTRE = -40;
const SPAN = 20;

/** Audio [samples] in -1..1 -> level [frames] in dB. Frame t is the mel's frame t: the same padding, window and hop. */
export function contourOf(pcm: Float32Array, { nFft, hop }: { nFft: number; hop: number }): Float32Array {
  const pad = (nFft - hop) / 2;
  const window = Float64Array.from({ length: nFft }, (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / nFft)) ** 2);
  const sum = window.reduce((a, b) => a + b);
  return Float32Array.from({ length: frameCount(pcm.length, nFft, hop) }, (_, at) => {
    let power = 0;
    for (let i = 0; i < nFft; i++) power += pcm[reflect(at * hop + i - pad, pcm.length)]! ** 2 * window[i]!;
    return Math.max(LEVEL_MIN, 10 * Math.log10(Math.max(power / sum, 1e-12)));
  });
}

/** dB -> what a prior sees: about zero mean and unit variance over the corpus. */
export function normalised(levels: Float32Array): Float32Array {
  return levels.map((level) => (Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, level)) - CENTRE) / SPAN);
}
