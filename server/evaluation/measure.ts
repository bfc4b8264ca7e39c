import { frechet, gaussian, type MaskedClip, SubsetFad, soundingOf, type Uniform } from './fad.ts';
import { kad } from './kad.ts';
import type { Reference } from './reference.ts';

/** How far clips of one class lie from where they should. */
export interface Distances {
  /** That count: silent ones do not where only sounding patches do. */
  clips: number;
  /** Those that do not count. */
  silent: number;
  embeddings: number;
  fad: number;
  /** 95 % bootstrap interval over clips. Null for fewer than eight clips. */
  low: number | null;
  high: number | null;
  /** FAD at endless n, and how straight the line to it is. Null for fewer than eight clips. */
  infinity: number | null;
  r2: number | null;
  /** Null where the reference holds statistics alone. */
  kad: number | null;
  kadError: number | null;
  reference: {
    embeddings: number;
    clips: number | null;
    /** Fewer embeddings than twice their numbers: the covariance is mostly a guess. */
    small: boolean;
  };
}

/** The generator of intervals and lines: the same seed, the same numbers. mulberry32. */
export function seededUniform(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Throws StatisticsError below two clips that count. */
export function measure(all: readonly MaskedClip[], reference: Reference, seed: number): Distances {
  const d = reference.gaussian.mu.length;
  const clips = reference.sounding ? soundingOf(all) : all;
  const own = gaussian(clips, d);
  const resampled = new SubsetFad(clips, reference.gaussian);
  const uniform = seededUniform(seed);
  const interval = resampled.interval(uniform);
  const line = resampled.infinity(uniform);
  const kernel = reference.clips === null ? null : kad(clips, reference.clips, d);
  const { count } = reference.gaussian;
  return {
    clips: clips.length,
    silent: all.length - clips.length,
    embeddings: own.count,
    fad: frechet(own, reference.gaussian),
    low: interval?.[0] ?? null,
    high: interval?.[1] ?? null,
    infinity: line?.value ?? null,
    r2: line?.r2 ?? null,
    kad: kernel?.value ?? null,
    kadError: kernel?.error ?? null,
    reference: { embeddings: count, clips: reference.clips?.length ?? null, small: count < 2 * d },
  };
}

export interface Average {
  fad: number;
  /** 95 % interval. Null where a class has none. */
  low: number | null;
  high: number | null;
  infinity: number | null;
  kad: number | null;
}

/**
 * Plain means over one class or more, as the challenge and the paper average. The interval comes from those of the
 * classes, whose clips are drawn apart: the squares of their arms add up (MOVER: Zou and Donner, Statistics in Medicine 27, 2008).
 */
export function averaged(classes: readonly Distances[]): Average {
  const mean = (values: (number | null)[]): number | null => {
    const known = values.filter((x) => x !== null);
    return known.length < values.length ? null : known.reduce((sum, x) => sum + x, 0) / known.length;
  };
  const fad = mean(classes.map((one) => one.fad))!;
  const arm = (end: 'low' | 'high'): number | null => {
    const squares = mean(classes.map((one) => (one[end] === null ? null : (one[end] - one.fad) ** 2)));
    return squares === null ? null : Math.sqrt(squares / classes.length);
  };
  const [down, up] = [arm('low'), arm('high')];
  return {
    fad,
    low: down === null ? null : Math.max(0, fad - down),
    high: up === null ? null : fad + up,
    infinity: mean(classes.map(({ infinity }) => infinity)),
    kad: mean(classes.map((one) => one.kad)),
  };
}
