/** What counts beats. */
export interface Beats {
  /**
   * Milliseconds since 1970 of the first multiple of `quantise` beats that is not before `after`, or of the one that was
   * there just before it (10 ms, a quarter of `quantise` at most); null where nothing counts.
   */
  next(quantise: number, after: number): number | null;
}

/** A running song: at `at` (milliseconds since 1970) it was at `beat`, and a beat takes `each` milliseconds. */
export interface Timeline {
  at: number;
  beat: number;
  each: number;
}

/** A hit that comes with the beat is on it, though either comes late by what cable and drivers need. */
const GRACE_MS = 10;

/** Beats since the song's beginning; negative before it, in a count-in. */
export function beatAt({ at, beat, each }: Timeline, time: number): number {
  return beat + (time - at) / each;
}

/** As `Beats.next`. */
export function nextBeat(timeline: Timeline, quantise: number, after: number): number | null {
  if (!(quantise > 0) || !Number.isFinite(quantise)) return null;
  const grace = Math.min(GRACE_MS / timeline.each, quantise / 4);
  const beat = Math.ceil((beatAt(timeline, after) - grace) / quantise) * quantise;
  return timeline.at + (beat - timeline.beat) * timeline.each;
}
