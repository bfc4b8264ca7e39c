import type { Voice } from '../voices/voice.ts';

/** Scores of one candidate, as events report them. */
export interface Score {
  score: number;
  posterior: number;
  real: number | null;
  rejected: 'silent' | 'late' | 'memorised' | 'alike' | null;
}

/** Scores clips by the voice's own embedder, or the default voice's. */
export interface ClipRanker {
  /** Whether it tells a voice's clips from real ones: the class alone is nothing to choose by (measured). Never rejects. */
  isTrained(voice: Pick<Voice, 'dir'>): Promise<boolean>;
  /** `weights`: of the wanted classes by name. Rejects with an EngineError: voice_missing where there is no embedder. */
  score(
    voice: Pick<Voice, 'dir' | 'models'>,
    weights: Readonly<Record<string, number>>,
    pcm: Float32Array,
    rate: number,
  ): Promise<Omit<Score, 'rejected'> & { rejected: 'silent' | 'late' | 'memorised' | null; mean: Float32Array }>;
}

type Scored = Awaited<ReturnType<ClipRanker['score']>>;

/** Two clips whose mean embeddings point in directions this near are one sound twice. */
const ALIKE = 0.98;

/**
 * Seed of a candidate of the clip with this seed; the first one's is the clip's own. No two clips of a request share
 * one: for each candidate this is a permutation of all seeds (the finalizer of MurmurHash3).
 */
export function candidateSeed(seed: number, candidate: number): number {
  if (candidate === 0) return seed;
  let h = (seed ^ Math.imul(candidate, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Chooses among the candidates of each clip of a request, or of a pool: none too like those chosen before. */
export class Chooser {
  readonly #siblings: Float32Array[];

  /** `siblings`: mean embeddings of clips that are there already, the oldest first. */
  constructor(siblings: Float32Array[] = []) {
    this.#siblings = siblings;
  }

  /** The best by score among those that nothing speaks against; among all where something speaks against each. */
  choose(candidates: readonly Scored[]): { index: number; scores: Score[] } {
    const scores = candidates.map(({ score, posterior, real, rejected, mean }): Score => {
      const alike = this.#siblings.some((other) => cosine(other, mean) > ALIKE);
      return { score, posterior, real, rejected: rejected ?? (alike ? 'alike' : null) };
    });
    const rank = ({ score, rejected }: Score): number =>
      score - (rejected === null ? 0 : rejected === 'silent' ? 2e6 : 1e6);
    const index = scores.reduce((best, one, i) => (rank(one) > rank(scores[best]!) ? i : best), 0);
    this.#siblings.push(candidates[index]!.mean);
    return { index, scores };
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const size = Math.sqrt(dot(a, a) * dot(b, b));
  return size === 0 ? 0 : dot(a, b) / size;
}
