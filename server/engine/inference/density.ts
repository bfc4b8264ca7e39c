import { onsetsOf } from '../dsp/onsets.ts';
import { densityUniform, followedUniform } from '../dsp/philox.ts';

/** A recording's contour of the class that the first of these four numbers chooses; undefined where the voice has none of it. */
export type DrawContour = (uniform: Float32Array, classWeights: readonly number[]) => Promise<Float32Array | undefined>;

/** So many are drawn at most for one that has as many onsets as are wanted. */
const DRAWN = 128;
/** Pieces of a class that are remembered: windows of a stream overlap, and its changes go back by seconds. */
const REMEMBERED = 8;

/** What is known of the contours that can be drawn for a piece, whatever the density. */
interface Known {
  /** Onsets of each, in the order in which they are drawn. */
  onsets: number[];
  /** Those that were chosen, by their place in that order. */
  chosen: Map<number, Float32Array>;
}

/**
 * Courses of loudness without end with so many events a second: one drawn contour after the other, each chosen by its
 * onsets. What a frame has depends on seed, class and density alone, not on where a part of it begins. What was drawn for
 * one part is not drawn again for the next, nor for another density.
 */
export class DensityContours {
  readonly #seed: number;
  readonly #of: { frames: number; frameSeconds: number };
  readonly #draw: DrawContour;
  /** By class, as long as somebody has its weights, and piece. */
  readonly #known = new WeakMap<readonly number[], Map<number, Known>>();

  /** @param of a piece: its mel frames, and the length of one */
  constructor(seed: number, of: { frames: number; frameSeconds: number }, draw: DrawContour) {
    this.#seed = seed;
    this.#of = of;
    this.#draw = draw;
  }

  /**
   * As many frames as a piece has, from `frame` on. Undefined where the voice draws none of the class, whose sounds have
   * no events.
   */
  async from(frame: number, classWeights: readonly number[], perSecond: number): Promise<Float32Array | undefined> {
    const { frames } = this.#of;
    const first = Math.floor(frame / frames);
    const pieces = new Float32Array(2 * frames);
    for (const piece of frame % frames === 0 ? [0] : [0, 1]) {
      const levels = await this.#piece(first + piece, classWeights, perSecond);
      if (levels === undefined) return undefined;
      pieces.set(levels, piece * frames);
    }
    return pieces.slice(frame - first * frames, frame - first * frames + frames);
  }

  async #piece(piece: number, classWeights: readonly number[], perSecond: number): Promise<Float32Array | undefined> {
    const { frames, frameSeconds } = this.#of;
    const { onsets, chosen } = this.#knownOf(piece, classWeights);
    // What is between two whole numbers of events is sometimes the one and sometimes the other.
    const wanted = Math.floor(perSecond * frames * frameSeconds + this.#uniform(piece, 0)[0]!);
    let [best, least, contour] = [0, Number.POSITIVE_INFINITY, undefined as Float32Array | undefined];
    for (let i = 0; i < DRAWN && least > 0; i++) {
      const drawn = i < onsets.length ? undefined : await this.#drawOne(piece, i, classWeights);
      if (i >= onsets.length) {
        if (drawn === undefined) return undefined;
        onsets.push(onsetsOf(drawn, frameSeconds).length);
      }
      const off = Math.abs(onsets[i]! - wanted);
      if (off < least) [best, least, contour] = [i, off, drawn];
    }
    contour ??= chosen.get(best) ?? (await this.#drawOne(piece, best, classWeights));
    if (contour !== undefined) chosen.set(best, contour);
    return contour;
  }

  #knownOf(piece: number, classWeights: readonly number[]): Known {
    const pieces = this.#known.get(classWeights) ?? new Map<number, Known>();
    this.#known.set(classWeights, pieces);
    const known = pieces.get(piece) ?? { onsets: [], chosen: new Map() };
    // The one that was asked for longest ago goes first.
    pieces.delete(piece);
    pieces.set(piece, known);
    if (pieces.size > REMEMBERED) pieces.delete(pieces.keys().next().value!);
    return known;
  }

  #drawOne(piece: number, i: number, classWeights: readonly number[]): Promise<Float32Array | undefined> {
    const uniform = this.#uniform(piece, i);
    // The class is the one that the seed has without a density, and its spectrum.
    uniform[0] = followedUniform(this.#seed, 0);
    return this.#draw(uniform, classWeights);
  }

  #uniform(piece: number, i: number): Float32Array {
    return Float32Array.from({ length: 4 }, (_, k) => densityUniform(this.#seed, piece * DRAWN * 4 + i * 4 + k));
  }
}
