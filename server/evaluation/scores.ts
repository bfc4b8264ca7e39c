import { BoundedJsonLines } from '../util/bounded-json-lines.ts';
import { readJsonLines } from '../util/json-lines.ts';
import { readIfThere } from '../util/persistent-file.ts';
import { unlessShort } from '../util/shortage.ts';
import type { EvaluationResult } from './evaluator.ts';
import { averaged } from './measure.ts';

/** One evaluation that was made here. */
export interface Score extends EvaluationResult {
  /** ISO 8601. */
  when: string;
  voice: string;
  /** Of the voice: the name may come to mean another. */
  hash: string;
  /** SHA-256 of the embedder: only distances by one embedder compare. */
  embedder: string;
  /** What they are distances to. */
  reference: string;
  /** Clips of each class, and the seed of the first. */
  clips: number;
  seed: number;
  /** Of the clips. Null in what was kept before it was. */
  temperature: number | null;
  /** Null where each class had the voice's default. */
  guidance: number | null;
  /** Share of clips that count as memorised, from the card of the voice. Null if the card has none. */
  memorised: number | null;
}

/** Evaluations kept; the oldest go first. */
const MAX_LINES = 1000;

/** Evaluations in a file of JSON lines. A line that cannot be read is left out, not an error. */
export class ScoreHistory {
  readonly #own: BoundedJsonLines<Score>;
  readonly #shipped: string | null;

  /** @param shipped evaluations that come with the built-in voices; read only, and older than those made here */
  constructor(file: string, shipped: string | null = null) {
    [this.#own, this.#shipped] = [new BoundedJsonLines(file, MAX_LINES, scoreFrom), shipped];
  }

  /** Oldest first. Rejects with what the disk says. */
  async list(): Promise<readonly Score[]> {
    const shipped =
      this.#shipped === null
        ? ''
        : ((await readIfThere(this.#shipped).catch(unlessShort(null, 'the scores could not be read'))) ?? '');
    return [...readJsonLines(shipped, scoreFrom), ...(await this.#own.list())];
  }

  /** Rejects with what the disk says. */
  add(score: Score): Promise<void> {
    return this.#own.add(score);
  }
}

function scoreFrom(value: unknown): Score[] {
  const score = value as Score;
  return typeof score.hash === 'string' && typeof score.average?.fad === 'number' ? [whole(score)] : [];
}

type Newer = 'temperature' | 'guidance' | 'memorised' | 'patches';

/** Lines that were written before a key was there have it too. */
function whole(score: Omit<Score, Newer> & Partial<Pick<Score, Newer>>): Score {
  const classes = Object.values(score.classes ?? {});
  const interval = classes.length === 0 ? { low: null, high: null } : averaged(classes);
  return {
    temperature: null,
    // There was none.
    guidance: 0,
    memorised: null,
    // Silent ones were counted, too, before sounding ones alone were: another measure.
    patches: 'all',
    ...score,
    classes: Object.fromEntries(
      Object.entries(score.classes ?? {}).map(([label, one]) => [label, { ...one, silent: one.silent ?? 0 }]),
    ),
    average: { ...score.average, low: score.average.low ?? interval.low, high: score.average.high ?? interval.high },
  };
}
