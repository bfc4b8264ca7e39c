/** Regenerates a stretch of a sound; everything outside it stays the same, sample by sample. */
import { changeOver } from '../audio/change-over.ts';
import type { Shape } from '../audio/edit.ts';
import type { Grid } from './code-grid.ts';
import { type Pieces, quietest } from './continuation.ts';

export interface Stretch {
  /** The sound as it is heard, at the rate that is handed over. */
  base: Float32Array;
  rate: number;
  /** Seconds of it. */
  from: number;
  to: number;
  /** Where, in the sound that the codes make, the base begins; seconds. */
  begin: number;
  /** What was done to the base. */
  shape: Shape;
}

/** Longest change from one sound to the other, in seconds. */
const FADE = 0.05;

/** Sets `given` to 1 for the codes of a piece whose time the stretch does not touch. */
export function keepOutside(
  given: Uint8Array,
  grid: Grid,
  { own }: Pick<Pieces, 'own'>,
  piece: number,
  stretch: Stretch,
): Uint8Array {
  const [first, last] = madeBetween(stretch);
  for (let cell = 0; cell < given.length; cell++) {
    const time = (grid.timeOf[cell]! + piece * own) * grid.columnSeconds;
    // Half a place at each end: what is kept next to it leads over.
    const middle = time + grid.columnSeconds / 2;
    if (middle < first || middle > last) given[cell] = 1;
  }
  return given;
}

/** The stretch in seconds of what the codes make. */
function madeBetween({ base, rate, from, to, begin, shape }: Stretch): [first: number, last: number] {
  const seconds = base.length / rate;
  return shape.reverse === true ? [begin + seconds - to, begin + seconds - from] : [begin + from, begin + to];
}

/**
 * The base with what was made in the place of the stretch, at its rate. They change over inside of it, within its first
 * and last quarter, where both are quietest; where it begins or ends with the base they need not.
 */
export function spliced({ base, rate, from, to, begin, shape }: Stretch, made: Float32Array): Float32Array {
  const out = base.slice();
  const [first, last] = [Math.round(from * rate), Math.min(base.length, Math.round(to * rate))];
  const offset = Math.round(begin * rate);
  const factor = 10 ** ((shape.gain ?? 0) / 20);
  const fresh = new Float32Array(last - first);
  for (let i = 0; i < fresh.length; i++) {
    const heard = shape.reverse === true ? base.length - 1 - (first + i) : first + i;
    fresh[i] = Math.max(-1, Math.min(1, (made[offset + heard] ?? 0) * factor));
  }
  const old = base.slice(first, last);
  const fade = Math.min(Math.round(FADE * rate), fresh.length >> 2);
  const quarter = fresh.length >> 2;
  const enter = first === 0 ? 0 : quietest(old, fresh, 0, quarter, fade);
  const leave = last === base.length ? fresh.length : quietest(old, fresh, fresh.length - quarter, fresh.length, fade);
  if (first > 0) fresh.set(changeOver(old.subarray(enter, enter + fade), fresh.subarray(enter, enter + fade)), enter);
  if (last < base.length)
    fresh.set(changeOver(fresh.subarray(leave, leave + fade), old.subarray(leave, leave + fade)), leave);
  out.set(fresh.subarray(enter, Math.min(fresh.length, leave + fade)), first + enter);
  return out;
}
