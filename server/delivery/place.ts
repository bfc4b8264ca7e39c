import { onsetOf } from '../audio/onset-and-loop.ts';

/** Position of a sound on a timeline, in seconds. */
export interface Placed {
  /** Where its onset was wanted. */
  at: number;
  /** Of the file's beginning. */
  start: number;
  /** Of the onset, from the file's beginning, as measured in the file. */
  onset: number;
  /** By how much the onset lies behind `at`. */
  offset: number;
}

interface Wanted {
  rate: number;
  /** Seconds of the timeline. */
  at: number;
  /** Seconds before the onset that are kept at most. */
  lead: number;
  /** Time reference of the timeline's beginning, in samples. */
  begin: number;
}

/**
 * Trims a sound so that its onset falls on a time of the timeline, and returns its time reference. Throws if it is
 * silent.
 */
export function placeOnset(
  pcm: Float32Array,
  { rate, at, lead, begin }: Wanted,
): { pcm: Float32Array; lead: number; timeReference: number } {
  const onset = onsetOf(pcm, rate);
  if (onset === null)
    throw new Error('the clip is silent: it has no onset that could be placed; use another clip or seed');
  const time = begin + Math.round(at * rate);
  // Nothing begins before midnight.
  const before = Math.min(Math.round(lead * rate), onset, time);
  return { pcm: pcm.subarray(onset - before), lead: before / rate, timeReference: time - before };
}
