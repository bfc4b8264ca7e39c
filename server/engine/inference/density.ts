import { onsetsOf } from '../dsp/onsets.ts';
import { densityUniform, followedUniform } from '../dsp/philox.ts';
import type { Density } from '../engine.ts';

/** A recording's contour of the class that the first of these four numbers chooses; undefined where the voice has none of it. */
export type DrawContour = (uniform: Float32Array) => Promise<Float32Array | undefined>;

/** So many are drawn at most for one that has as many onsets as are wanted. */
const DRAWN = 128;

/**
 * A course of loudness without end with so many events a second: one drawn contour after the other, each chosen by its
 * onsets. What a frame has depends on seed, class and density alone, not on where a part of it begins. Undefined where the
 * voice draws none of the class, whose sounds have no events.
 */
export async function densityContour(
  { perSecond, seed, frame }: Density,
  { frames, frameSeconds }: { frames: number; frameSeconds: number },
  draw: DrawContour,
): Promise<Float32Array | undefined> {
  const first = Math.floor(frame / frames);
  const pieces = new Float32Array(2 * frames);
  for (const piece of frame % frames === 0 ? [0] : [0, 1]) {
    const levels = await pieceOf(seed, first + piece, perSecond, frameSeconds, draw);
    if (levels === undefined) return undefined;
    pieces.set(levels, piece * frames);
  }
  return pieces.slice(frame - first * frames, frame - first * frames + frames);
}

async function pieceOf(
  seed: number,
  piece: number,
  perSecond: number,
  frameSeconds: number,
  draw: DrawContour,
): Promise<Float32Array | undefined> {
  let best: Float32Array | undefined;
  let [least, wanted] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < DRAWN && least > 0; i++) {
    const uniform = Float32Array.from({ length: 4 }, (_, k) => densityUniform(seed, piece * DRAWN * 4 + i * 4 + k));
    // What is between two whole numbers of events is sometimes the one and sometimes the other.
    if (i === 0) wanted = uniform[0]!;
    // The class is the one that the seed has without a density, and its spectrum.
    uniform[0] = followedUniform(seed, 0);
    const contour = await draw(uniform);
    if (contour === undefined) return undefined;
    if (i === 0) wanted = Math.floor(perSecond * contour.length * frameSeconds + wanted);
    const off = Math.abs(onsetsOf(contour, frameSeconds).length - wanted);
    if (off < least) [best, least] = [contour, off];
  }
  return best;
}
