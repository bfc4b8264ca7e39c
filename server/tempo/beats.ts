/** A beat clock. */
export interface Beats {
  /**
   * Milliseconds since 1970 of the first multiple of `quantise` beats that is not before `after`, or of the one that was
   * there just before it (10 ms, a quarter of `quantise` at most); null while the clock does not run.
   */
  next(quantise: number, after: number): number | null;
}

/** A running song: at `at` (milliseconds since 1970) it was at `beat`, and a beat lasts `msPerBeat`. */
export interface Timeline {
  at: number;
  beat: number;
  msPerBeat: number;
}

/** A hit this soon after a beat counts as on it: cable and driver latency delay hits and beats alike. */
const GRACE_MS = 10;

/** Beats since the song's beginning; negative before it, in a count-in. */
export function beatAt({ at, beat, msPerBeat }: Timeline, time: number): number {
  return beat + (time - at) / msPerBeat;
}

/** As `Beats.next`. */
export function nextBeat(timeline: Timeline, quantise: number, after: number): number | null {
  if (!(quantise > 0) || !Number.isFinite(quantise)) return null;
  const grace = Math.min(GRACE_MS / timeline.msPerBeat, quantise / 4);
  const beat = Math.ceil((beatAt(timeline, after) - grace) / quantise) * quantise;
  return timeline.at + (beat - timeline.beat) * timeline.msPerBeat;
}
