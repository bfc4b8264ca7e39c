import { type Loudness, measureLoudness } from '../audio/loudness.ts';
import { decibels, truePeak } from '../audio/true-peak.ts';

export interface NormaliseOptions {
  /** dBTP that nothing exceeds. */
  peak: number;
  /** Integrated loudness that is wanted; `gain` does not count then. */
  lufs?: number | undefined;
  /** dB. */
  gain: number;
}

export interface Normalised {
  pcm: Float32Array;
  /** dB that were added. */
  gain: number;
  loudness: Loudness;
  /** dBTP of the louder channel. */
  truePeak: number | null;
}

/**
 * Scales a sound to the target level, as far as the true-peak ceiling allows. The gain is constant: there is no
 * limiter.
 * @param place the larger factor of those by which it goes into the channels
 */
export function normalise(
  pcm: Float32Array,
  rate: number,
  place: number,
  { peak, lufs, gain }: NormaliseOptions,
): Normalised {
  const height = decibels(truePeak(pcm, rate) * place);
  const before = lufs === undefined ? null : measureLoudness(pcm, rate);
  const integrated = before?.integrated ?? null;
  const wanted = lufs !== undefined && integrated !== null ? lufs - integrated : gain;
  const given = height === null ? wanted : Math.min(wanted, peak - height);
  const factor = 10 ** (given / 20);
  const out = given === 0 ? pcm : pcm.map((value) => value * factor);
  return {
    pcm: out,
    gain: given,
    loudness: before !== null && out === pcm ? before : measureLoudness(out, rate),
    truePeak: height === null ? null : height + given,
  };
}

/** Factors of the left and the right channel at constant power; pan from -1 to 1. */
export function panGains(pan: number): readonly [left: number, right: number] {
  const turn = ((pan + 1) * Math.PI) / 4;
  return [Math.cos(turn), Math.sin(turn)];
}
