import { Chooser, type ClipRanker } from './candidates.ts';
import { weightsOf } from './class-weights.ts';
import type { Piece, Result } from './clip-pieces.ts';
import { type ClipPlan, voiceClassesOf } from './clip-plan.ts';
import type { GenerationContext } from './context.ts';
import type { VoiceClass } from './voice-class.ts';

interface Made {
  piece: Piece;
  result: Result;
}

/** Chooses each clip of a job among its candidates. Results come in order, so that only one clip's are held at a time. */
export class ClipChoice {
  readonly #ranker: ClipRanker;
  readonly #emit: GenerationContext['emit'];
  readonly #candidates: number;
  readonly #voiceClasses: readonly VoiceClass[];
  readonly #chooser = new Chooser();
  readonly #scores = new Map<number, number>();
  #made: Made[] = [];

  constructor(ranker: ClipRanker, plan: ClipPlan, emit: GenerationContext['emit']) {
    this.#ranker = ranker;
    this.#emit = emit;
    this.#candidates = plan.candidates ?? 1;
    this.#voiceClasses = voiceClassesOf(plan);
  }

  /** The best of the clip's candidates as soon as all are made; null before. */
  async best(piece: Piece, result: Result): Promise<Made | null> {
    if (this.#candidates === 1 || piece.before.length > 0) return { piece, result };
    this.#made.push({ piece, result });
    if (this.#made.length < this.#candidates) return null;
    const made = this.#made;
    this.#made = [];
    const { take: index } = piece;
    const { voice, chosen } = this.#voiceClasses[index]!;
    const weights = weightsOf(chosen);
    const scored = await Promise.all(
      made.map((one) => this.#ranker.score(voice, weights, one.result.pcm, one.result.rate)),
    );
    const best = this.#chooser.choose(scored);
    for (const [candidate, score] of best.scores.entries()) {
      const { seed } = made[candidate]!.piece;
      this.#emit('candidate', { index, candidate, seed, ...score, chosen: candidate === best.index }, true);
    }
    this.#scores.set(index, best.scores[best.index]!.score);
    return made[best.index]!;
  }

  /** Of the chosen candidate of a take; undefined where there was no choice. */
  scoreOf(take: number): number | undefined {
    return this.#scores.get(take);
  }
}
