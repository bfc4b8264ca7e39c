/** Whether places of a sound are like its others: the change of the mel, and the step in loudness, as ranks. */
import { logMel, type MelSpec } from '../engine/dsp/mel.ts';
import { summary } from './summary.ts';

/** Seconds on each side whose loudness is compared. */
const BESIDE = 0.1;

export interface Places {
  fluxRank: number[];
  stepRank: number[];
  stepDb: number[];
}

export const noPlaces = (): Places => ({ fluxRank: [], stepRank: [], stepDb: [] });

/** How places of a sound compare with all the others of it. Each is `fade` samples long. */
export function compare(
  whole: Float32Array,
  { places, fade, spec }: { places: readonly number[]; fade: number; spec: MelSpec },
  into: Places,
): void {
  const { rate, hop } = spec;
  const flux = changes(whole, spec);
  const frames = Math.max(1, Math.round(fade / hop));
  const beside = Math.round(BESIDE * rate);
  const largest = (first: number): number => Math.max(...flux.slice(first, first + frames));
  const step = (at: number): number =>
    Math.abs(loudness(whole.subarray(at + fade, at + fade + beside)) - loudness(whole.subarray(at - beside, at)));
  const fluxes = flux.slice(0, -frames).map((_, first) => largest(first));
  const steps: number[] = [];
  for (let at = beside; at + fade + beside <= whole.length; at += hop) steps.push(step(at));
  const rank = (value: number, all: readonly number[]): number => all.filter((x) => x < value).length / all.length;
  for (const at of places) {
    // The frame that lies around the first sample is centred on it.
    into.fluxRank.push(rank(largest(Math.max(0, Math.round(at / hop) - 1)), fluxes));
    into.stepDb.push(step(at));
    into.stepRank.push(rank(step(at), steps));
  }
}

/** Mean change of the log-mel from each frame to the next (nats). */
function changes(pcm: Float32Array, spec: MelSpec): number[] {
  const { bands, frames } = logMel(pcm, spec);
  const bins = bands.length / frames;
  return Array.from({ length: frames - 1 }, (_, frame) => {
    let sum = 0;
    for (let bin = 0; bin < bins; bin++)
      sum += Math.abs(bands[bin * frames + frame + 1]! - bands[bin * frames + frame]!);
    return sum / bins;
  });
}

export function loudness(pcm: Float32Array): number {
  return 10 * Math.log10(pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length + 1e-10);
}

const aboveOf = (ranks: readonly number[]): number => ranks.filter((x) => x > 0.95).length / ranks.length;
export const summed = ({ fluxRank, stepRank, stepDb }: Places) => ({
  seams: fluxRank.length,
  fluxRank: summary(fluxRank),
  fluxAboveNineteenOfTwenty: aboveOf(fluxRank),
  stepRank: summary(stepRank),
  stepAboveNineteenOfTwenty: aboveOf(stepRank),
  stepDb: summary(stepDb),
});
