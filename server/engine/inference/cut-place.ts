/** Mel frames in which the sound before a cut fades over into the one after it, where a row has as many. */
const FADE_FRAMES = 3;

/**
 * Position of a cut: the first row that is sampled again, and the mel frame in it from which the new sound is
 * audible.
 */
export interface CutPlace {
  step: number;
  frame: number;
}

/** Of rows of so many mel frames: the frames of a fade, and the last one that a fade can begin with. */
export function fadeOf(each: number): { frames: number; last: number } {
  const frames = Math.min(FADE_FRAMES, each);
  return { frames, last: each - frames };
}

/** The first place for a cut that is not before this one, in steps of so many mel frames: the fade ends within its row. */
export function cutPlaceFrom(place: number, each: number): CutPlace {
  const step = Math.floor(place);
  const frame = Math.ceil((place - step) * each);
  return frame <= fadeOf(each).last ? { step, frame } : { step: step + 1, frame: 0 };
}
