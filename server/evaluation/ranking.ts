import type { EmbedderCard } from '../cards/embedder-card.ts';
import { onsetAfter } from '../engine/dsp/sounding.ts';
import type { EmbeddedClip } from '../engine/inference/embedder.ts';
import { StatisticsError } from './fad.ts';
import { readNpz } from './npz.ts';

/**
 * Classifier of real against generated clips on an embedder's features: the trainer's
 * `evaluation/ranking_command.py`.
 */
export interface Ranking {
  /** Of the mean and the standard deviation over sounding patches, [2 dims]. */
  readonly weights: Float64Array;
  readonly bias: number;
}

/** How good a candidate is, by the voice's own embedder. */
export interface ClipScore {
  /** The higher the better: `posterior`, and the log-probability that the clip is real where the voice has a ranking. */
  score: number;
  /** Natural logarithm of the probability of the wanted class; 0 where the embedder knows none of it. */
  posterior: number;
  /** Log-odds that the clip is a real one. Null without a ranking. */
  real: number | null;
  /** Why it is handed over only if every other candidate is rejected, too. */
  rejected: 'silent' | 'late' | 'memorised' | null;
  /** Mean embedding of its sounding patches, to compare it with its siblings; all 0 of a silent clip. */
  mean: Float32Array;
}

/** Throws StatisticsError where the file holds anything else. */
export function readRanking(bytes: Uint8Array, dims: number): Ranking {
  const arrays = readNpz(bytes);
  const [weights, bias] = [arrays.get('weights')?.data, arrays.get('bias')?.data[0]];
  if (weights?.length !== 2 * dims || bias === undefined)
    throw new StatisticsError(`expected ${2 * dims} weights and a bias, got ${weights?.length ?? 'none'}`);
  if (![...weights, bias].every(Number.isFinite)) throw new StatisticsError('a weight is not finite');
  return { weights: Float64Array.from(weights), bias };
}

/** `weights`: of the wanted classes by name, summing to 1. `pcm` at the embedder's rate. */
export function scoreClip(
  { classes, audio, latest: begun }: EmbedderCard,
  ranking: Ranking | null,
  { pcm, embedded, weights }: { pcm: Float32Array; embedded: EmbeddedClip; weights: Readonly<Record<string, number>> },
): ClipScore {
  const wanted = Object.entries(weights);
  const known = wanted.flatMap(([label, weight]) => {
    const log = embedded.scores[classes.indexOf(label)];
    return log === undefined ? [] : [{ log, weight }];
  });
  const all = known.reduce((sum, { weight }) => sum + weight, 0);
  const posterior = all === 0 ? 0 : known.reduce((sum, { log, weight }) => sum + (log * weight) / all, 0);
  const features = featuresOf(embedded);
  if (features === null) {
    const mean = new Float32Array(embedded.values.length / embedded.patches);
    return { score: posterior, posterior, real: null, rejected: 'silent', mean };
  }
  const real = ranking === null ? null : features.reduce((sum, x, i) => sum + x * ranking.weights[i]!, ranking.bias);
  // Sound of a mix may begin when that of its latest class may.
  const latest = wanted.map(([label]) => begun?.[label] ?? null);
  const limit = latest.includes(null) ? null : Math.max(...(latest as number[]));
  const late = limit !== null && onsetAfter(pcm, audio.rate) > limit;
  return {
    // log(1 / (1 + e^-x)) without overflow.
    score: posterior + (real === null ? 0 : Math.min(0, real) - Math.log1p(Math.exp(-Math.abs(real)))),
    posterior,
    real,
    rejected: late ? 'late' : null,
    mean: Float32Array.from(features.subarray(0, features.length / 2)),
  };
}

/** Mean and standard deviation over the patches that sound. Null where none does. */
function featuresOf({ patches, values, sounding }: EmbeddedClip): Float64Array | null {
  const d = values.length / patches;
  const counted = sounding.reduce((sum, one) => sum + one, 0);
  if (counted === 0) return null;
  const out = new Float64Array(2 * d);
  for (let i = 0; i < values.length; i++) if (sounding[Math.floor(i / d)] === 1) out[i % d]! += values[i]! / counted;
  for (let i = 0; i < values.length; i++)
    if (sounding[Math.floor(i / d)] === 1) out[d + (i % d)]! += (values[i]! - out[i % d]!) ** 2 / counted;
  for (let i = d; i < 2 * d; i++) out[i] = Math.sqrt(out[i]!);
  return out;
}
