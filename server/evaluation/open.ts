import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { throwShortage } from '../util/shortage.ts';
import type { EmbedderClient } from './embedder-client.ts';
import { Evaluation, EvaluationError, type EvaluationOrder } from './evaluator.ts';

export interface ReferenceFolder {
  /** Folder of .npz files an admin may name. */
  references: string;
  /** Folder of voices; the default one brings the embedder that others without one are heard by. */
  models: string;
}

/** No separators, no leading dot: always the name of a file directly in the folder. */
const SAFE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MAX_REFERENCE = 256 * 2 ** 20;

/** Opens an evaluation by the voice's own embedder, or the default voice's. Rejects with an EngineError or an EvaluationError. */
export async function openEvaluation(
  client: EmbedderClient,
  { references, models }: ReferenceFolder,
  voice: { dir: string },
  order: Pick<EvaluationOrder, 'labels' | 'seed'> & { reference: string | null },
): Promise<{ evaluation: Evaluation; reference: string }> {
  const dir = await embedderOf(voice, models);
  const npz = order.reference === null ? null : await stored(references, order.reference);
  const evaluation = await Evaluation.open(client, {
    dir,
    labels: order.labels,
    seed: order.seed,
    reference: npz === null ? null : { npz },
  });
  return { evaluation, reference: order.reference ?? evaluation.card.reference?.about ?? '' };
}

/** The folder of the voice's own embedder, or of the default voice's. */
export async function embedderOf(voice: { dir: string }, models: string): Promise<string> {
  const own = await stat(path.join(voice.dir, 'embedder.json')).catch(() => null);
  return own === null ? path.join(models, 'default') : voice.dir;
}

async function stored(folder: string, name: string): Promise<Uint8Array> {
  const missing = (cause?: unknown): EvaluationError => {
    return new EvaluationError(
      'unknown_reference',
      `there is no reference ${name}; expected ${name.slice(0, 64)}.npz in ${folder}, or no reference for the voice's own`,
      { cause },
    );
  };
  if (!SAFE.test(name)) throw missing();
  const file = path.join(folder, `${name}.npz`);
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) throw missing();
  if (found.size > MAX_REFERENCE) throw new EvaluationError('bad_reference', `the reference ${name} is too large`);
  return readFile(file).catch((cause: unknown) => {
    throwShortage(cause, `the reference ${name} could not be read`);
    throw missing(cause);
  });
}
