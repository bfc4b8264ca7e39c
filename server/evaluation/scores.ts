import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomic } from '../util/atomic-file.ts';
import { appendLine, readJsonLines } from '../util/json-lines.ts';
import { readIfThere } from '../util/kept-file.ts';
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
const MOST = 1000;

/** Evaluations in a file of JSON lines. A line that cannot be read is left out, not an error. */
export class ScoreHistory {
  readonly #file: string;
  readonly #shipped: string | null;
  #scores: Score[] | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param shipped evaluations that come with the built-in voices; read only, and older than those made here */
  constructor(file: string, shipped: string | null = null) {
    [this.#file, this.#shipped] = [file, shipped];
  }

  /** Oldest first. Rejects with what the disk says. */
  async list(): Promise<readonly Score[]> {
    const shipped = this.#shipped === null ? '' : ((await readIfThere(this.#shipped).catch(() => null)) ?? '');
    return [...readJsonLines(shipped, scoreFrom), ...(await this.#own())];
  }

  async #own(): Promise<readonly Score[]> {
    this.#scores ??= await this.#read();
    return this.#scores;
  }

  /** Rejects with what the disk says. */
  add(score: Score): Promise<void> {
    const added = this.#last.then(async () => {
      const scores = [...(await this.#own()), score];
      if (scores.length <= MOST) {
        await mkdir(path.dirname(this.#file), { recursive: true });
        await appendLine(this.#file, JSON.stringify(score));
      } else {
        scores.splice(0, scores.length - MOST);
        await writeAtomic(this.#file, scores.map((one) => `${JSON.stringify(one)}\n`).join(''));
      }
      this.#scores = scores;
    });
    this.#last = added.catch(() => undefined);
    return added;
  }

  async #read(): Promise<Score[]> {
    return readJsonLines((await readIfThere(this.#file)) ?? '', scoreFrom);
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
