/** The long-term average spectrum that a voice may follow, from audio, as the trainer's `features/spectrum.py` has it. */
import { logMel, type MelSpec } from './mel.ts';

/** Levels lie between this and 0, in dB. */
const SPECTRUM_MIN = -60;

/** Audio [samples] in -1..1 -> mean power of each mel bin [bins] in dB below the strongest bin's. How loud it is does not matter. */
export function averageSpectrum(pcm: Float32Array, spec: MelSpec): Float32Array {
  const { bands, frames } = logMel(pcm, spec);
  const levels = Float32Array.from({ length: spec.bins }, (_, bin) => {
    let power = 0;
    for (let at = 0; at < frames; at++) power += Math.exp(2 * bands[bin * frames + at]!);
    return 10 * Math.log10(Math.max(power / frames, 1e-20));
  });
  return belowStrongest(levels);
}

/** Levels in dB of any reference -> below the strongest, which is 0, and none below -60. */
export function belowStrongest(levels: Float32Array): Float32Array {
  const strongest = levels.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY);
  return levels.map((level) => Math.max(SPECTRUM_MIN, level - strongest));
}
