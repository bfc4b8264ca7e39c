import { changeOver } from '../audio/change-over.ts';
import type { Grid } from './code-grid.ts';

/** A clip that is longer than the voice's: pieces that overlap, each going on from the end of the one before. */
export interface Pieces {
  readonly count: number;
  /** Places in time that a piece shares with the one before it, and those that are its own. */
  readonly shared: number;
  readonly own: number;
  readonly grid: Grid | null;
}

/** Codes of a piece in raster order; where `given` is 1 they are taken, elsewhere drawn. */
export interface Start {
  codes: Uint16Array;
  given: Uint8Array;
}

/** A clip as long as the voice's, or shorter. */
export const SINGLE_PIECE: Pieces = { count: 1, shared: 0, own: 0, grid: null };

/** Longest crossfade between two pieces, in seconds. */
const FADE = 0.1;

/** As many as so many seconds take. */
export function piecesOf(grid: Grid, seconds: number): Pieces {
  const shared = Math.floor(grid.times / 2);
  const own = grid.times - shared;
  const more = (seconds - grid.seconds) / (grid.columnSeconds * own);
  return { count: grid.times < 2 || more <= 0 ? 1 : 1 + Math.ceil(more - 1e-9), shared, own, grid };
}

/** How long so many pieces are together. */
export function secondsOf(grid: Grid, pieces: number): number {
  return grid.seconds + (pieces - 1) * piecesOf(grid, 0).own * grid.columnSeconds;
}

/** Pieces are drawn by seeds of their own, which follow from the clip's; the first one's is the clip's. */
export function pieceSeed(seed: number, piece: number): number {
  return (seed ^ Math.imul(piece, 0x9e3779b1)) >>> 0;
}

/** What a piece begins with: the end of the piece before, moved to its beginning, and what else of it is `known`. */
export function startOfNext({ own, grid }: Pieces, codes: Uint16Array, known?: Start): Start {
  if (grid === null) throw new RangeError('a whole clip cannot be continued');
  const out = new Uint16Array(codes.length);
  const given = new Uint8Array(codes.length);
  const places = new Map<string, number>();
  for (let cell = 0; cell < codes.length; cell++) places.set(key(grid, cell, grid.timeOf[cell]!), cell);
  for (let cell = 0; cell < codes.length; cell++) {
    const from = places.get(key(grid, cell, grid.timeOf[cell]! + own));
    if (from === undefined && known?.given[cell] !== 1) continue;
    out[cell] = from === undefined ? known!.codes[cell]! : codes[from]!;
    given[cell] = 1;
  }
  return { codes: out, given };
}

/** The cell's codebook and frequency, at another time. */
function key({ codebookOf, frequencyOf }: Grid, cell: number, time: number): string {
  return `${codebookOf[cell]} ${frequencyOf[cell]} ${time}`;
}

/**
 * Pieces as one sound at `rate` Hz. Where two overlap they tell the same codes, but near its ends each lacks what the
 * other knows: they change over in the middle half of the overlap, where it is quietest. The gains keep the level,
 * whatever the waves have in common: next to nothing where noise of their own excites the vocoder, all where none does.
 */
export function joinPieces(pieces: Pieces, sounds: readonly Float32Array[], rate: number): Float32Array {
  const first = sounds[0]!;
  if (sounds.length === 1) return first;
  const begins = sounds.map((_, piece) => pieceOffset(pieces, piece, rate));
  const out = new Float32Array(begins.at(-1)! + sounds.at(-1)!.length);
  out.set(first);
  for (let piece = 1; piece < sounds.length; piece++) {
    const sound = sounds[piece]!;
    const begin = begins[piece]!;
    const { change, fade } = crossfadeOf(pieces, out.subarray(begin), sound, rate);
    const from = out.subarray(begin + change, begin + change + fade);
    from.set(changeOver(from, sound.subarray(change, change + fade)));
    out.set(sound.subarray(change + fade), begin + change + fade);
  }
  return out;
}

/** The sample at which a piece begins. */
export function pieceOffset({ own, grid }: Pieces, piece: number, rate: number): number {
  return grid === null ? 0 : Math.round(piece * own * grid.columnSeconds * rate);
}

/** Where, in samples of the later of two pieces that are laid over each other, they change over, and for how long. */
export function crossfadeOf(
  { shared, grid }: Pieces,
  one: Float32Array,
  other: Float32Array,
  rate: number,
): { change: number; fade: number } {
  const overlap = Math.round(shared * (grid?.columnSeconds ?? 0) * rate);
  const fade = Math.min(Math.round(FADE * rate), overlap >> 2);
  return { change: quietest(one, other, overlap >> 2, (overlap * 3) >> 2, fade), fade };
}

/** Where between `from` and `to` the next `width` samples of both are quietest together. */
export function quietest(one: Float32Array, other: Float32Array, from: number, to: number, width: number): number {
  const step = Math.max(1, width >> 2);
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let begin = from; begin + width <= to; begin += step) {
    let energy = 0;
    for (let i = begin; i < begin + width; i++) energy += one[i]! ** 2 + other[i]! ** 2;
    if (energy < least) [best, least] = [begin, energy];
  }
  return best;
}
