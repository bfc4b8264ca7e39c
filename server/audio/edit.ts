/** Edits of a clip, made in the order of these fields. */
export interface Shape {
  /** Seconds cut off the beginning. */
  trim?: number;
  /** Seconds that are left; the cut is moved to a quiet place before it unless `exact`. */
  length?: number;
  exact?: boolean;
  reverse?: boolean;
  /** Seconds. */
  fadeIn?: number;
  fadeOut?: number;
  /** Decibels. */
  gain?: number;
}

/** Energy is compared in stretches of so many seconds. */
const STRETCH = 0.01;
/** A cut is moved back at most so far, and by no more than a quarter of what is left. */
const LOOK_BACK = 0.5;
/** A cut that is moved ends in a fade, so that it does not click. */
const SOFT = 0.005;

/** What is left of a sound, in the order of the fields of `Shape`. Mono at `rate` Hz; the input stays as it is. */
export function shapeSound(pcm: Float32Array, rate: number, shape: Shape): Float32Array {
  const { trim = 0, length, exact = false, reverse = false, fadeIn = 0, fadeOut = 0, gain = 0 } = shape;
  const from = Math.min(pcm.length, Math.round(trim * rate));
  let out = pcm.slice(from);
  const most = length === undefined ? out.length : Math.max(1, Math.round(length * rate));
  if (most < out.length) {
    out = out.slice(0, exact ? most : quietPlace(out, most, rate));
    if (!exact) fade(out, Math.round(SOFT * rate), false);
  }
  if (reverse) out.reverse();
  fade(out, Math.round(fadeIn * rate), true);
  fade(out, Math.round(fadeOut * rate), false);
  if (gain !== 0) {
    const factor = 10 ** (gain / 20);
    for (let i = 0; i < out.length; i++) out[i] = Math.max(-1, Math.min(1, out[i]! * factor));
  }
  return out;
}

/** Whether it changes anything. */
export function isPlain(shape: Shape): boolean {
  return Object.values(shape).every((value) => value === undefined || value === 0 || value === false);
}

/** The end, not after `most` samples, of the quietest stretch shortly before there; of equal ones the last. */
function quietPlace(pcm: Float32Array, most: number, rate: number): number {
  const stretch = Math.max(1, Math.round(STRETCH * rate));
  const first = Math.max(stretch, most - Math.round(Math.min(LOOK_BACK * rate, most / 4)));
  let best = most;
  let least = Number.POSITIVE_INFINITY;
  for (let end = most; end >= first; end -= stretch) {
    let energy = 0;
    for (let i = Math.max(0, end - stretch); i < end; i++) energy += pcm[i]! ** 2;
    if (energy < least) [best, least] = [end, energy];
  }
  return best;
}

/** Raised cosine over the first or last samples, in place. */
function fade(pcm: Float32Array, samples: number, isIn: boolean): void {
  const count = Math.min(samples, pcm.length);
  for (let i = 0; i < count; i++) {
    const at = isIn ? i : pcm.length - 1 - i;
    pcm[at] = pcm[at]! * (0.5 - 0.5 * Math.cos((Math.PI * i) / count));
  }
}
