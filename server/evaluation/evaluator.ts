/** One evaluation: clips go in one after the other, distances to a reference come out (FAD, KAD, the share named right). open.ts opens one. */
import type { EmbedderCard } from '../cards/embedder-card.ts';
import { EngineError } from '../engine/errors.ts';
import type { CustomReference, EmbedderClient, ReferenceFacts } from './embedder-client.ts';
import type { MaskedClip } from './fad.ts';
import { type Average, averaged, type Distances } from './measure.ts';

/** One class of a set of clips. `named`: the share of them that the embedder takes for this class. */
export interface ClassResult extends Distances {
  named: number;
}

export interface EvaluationResult {
  /** Which patches of a clip count, on both sides. */
  patches: 'sounding' | 'all';
  classes: Record<string, ClassResult>;
  /** Plain means over the classes. */
  average: Average & { named: number };
}

export class EvaluationError extends Error {
  readonly code: 'unknown_reference' | 'bad_reference';

  constructor(code: EvaluationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface EvaluationOrder {
  /** Folder with the embedder. */
  dir: string;
  /** Null: the embedder's own. */
  reference: CustomReference | null;
  /** Classes of the clips. */
  labels: readonly string[];
  /** Of subsets for intervals and lines. */
  seed: number;
}

/** Embeds a set of clips one by one, and computes its distance from a reference. */
export class Evaluation {
  readonly card: EmbedderCard;
  /** Classes that the reference knows, and those it does not. */
  readonly labels: readonly string[];
  readonly missing: readonly string[];
  readonly patches: EvaluationResult['patches'];
  readonly #client: EmbedderClient;
  readonly #order: EvaluationOrder;
  readonly #embedded = new Map<string, { clips: MaskedClip[]; named: number }>();

  private constructor(client: EmbedderClient, order: EvaluationOrder, card: EmbedderCard, known: ReferenceFacts) {
    this.card = card;
    this.labels = order.labels.filter((label) => known.labels.includes(label));
    this.missing = order.labels.filter((label) => !known.labels.includes(label));
    this.patches = known.sounding ? 'sounding' : 'all';
    this.#client = client;
    this.#order = order;
  }

  /** Rejects with an EngineError (voice_missing, voice_corrupt, ...) or with an EvaluationError, bad_reference. */
  static async open(client: EmbedderClient, order: EvaluationOrder): Promise<Evaluation> {
    const card = await client.card(order.dir);
    const known = await client.reference(order.dir, order.reference).catch((error: unknown) => {
      if (error instanceof EngineError && error.code === 'engine_failed')
        throw new EvaluationError('bad_reference', error.message, { cause: error });
      throw error;
    });
    const evaluation = new Evaluation(client, order, card, known);
    if (evaluation.labels.length === 0)
      throw new EvaluationError(
        'bad_reference',
        `the reference has none of the classes ${order.labels.join(', ')}; it has ${known.labels.join(', ')}`,
      );
    return evaluation;
  }

  /** Mono at any rate. */
  async embed(label: string, pcm: Float32Array, rate: number): Promise<void> {
    const { named, patches, values, sounding } = await this.#client.embed(this.#order.dir, pcm, rate);
    const own = this.#embedded.get(label) ?? { clips: [], named: 0 };
    own.clips.push({ patches, values, sounding });
    if (named === label) own.named += 1;
    this.#embedded.set(label, own);
  }

  /** Each class as it is measured, then all of them. */
  async measure(onClass: (label: string, result: ClassResult) => void): Promise<EvaluationResult> {
    const classes: Record<string, ClassResult> = {};
    for (const label of this.labels) {
      const { clips, named } = this.#embedded.get(label) ?? { clips: [], named: 0 };
      const { dir, reference, seed } = this.#order;
      const distances = await this.#client.measure(dir, reference, label, clips, seed);
      // Silent clips are named, too: as what they are taken for.
      const result = { ...distances, named: named / clips.length };
      classes[label] = result;
      onClass(label, result);
    }
    const all = Object.values(classes);
    const named = all.reduce((sum, one) => sum + one.named, 0) / all.length;
    return { patches: this.patches, classes, average: { ...averaged(all), named } };
  }
}
