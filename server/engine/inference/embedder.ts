import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type EmbedderCard, embedderCardSchema } from '../../cards/embedder-card.ts';
import { cardProblem } from '../../cards/voice-card.ts';
import { throwShortage } from '../../util/shortage.ts';
import { sounding } from '../dsp/sounding.ts';
import { EngineError } from '../errors.ts';
import { floats, Graph, read } from '../onnx/runtime.ts';

/** A card is text; what is larger is none. */
const MAX_CARD = 1 << 20;

/** Throws voice_missing where the folder has no embedder, voice_corrupt where its card cannot be read. */
export async function readEmbedderCard(dir: string): Promise<EmbedderCard> {
  const text = await readFile(path.join(dir, 'embedder.json'), 'utf8').catch((cause: unknown) => {
    throwShortage(cause, 'embedder.json could not be read');
    throw new EngineError('voice_missing', 'the voice has no embedder', { cause });
  });
  if (text.length > MAX_CARD) throw new EngineError('voice_corrupt', 'embedder.json is too large');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('voice_corrupt', 'embedder.json is not JSON', { cause });
  }
  const parsed = embedderCardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new EngineError('voice_corrupt', `embedder.json: ${cardProblem(parsed.error)}`, { cause: parsed.error });
}

/** The reference that an embedder's card names, checked. Null where it names none. */
export function readEmbedderReference(dir: string, { reference }: EmbedderCard): Promise<Uint8Array | null> {
  return readVouched(dir, reference, 'embedder.json');
}

/** The weights of its ranking, checked in the same way. */
export function readEmbedderRanking(dir: string, { ranking }: EmbedderCard): Promise<Uint8Array | null> {
  return readVouched(dir, ranking, 'embedder.json');
}

/** A file of a voice's folder, checked against the card that describes it. Null where the card names none. */
export async function readVouched(
  dir: string,
  file: { file: string; sha256: string } | undefined,
  card: string,
): Promise<Uint8Array | null> {
  if (file === undefined) return null;
  const bytes = await readFile(path.join(dir, file.file)).catch((cause: unknown) => {
    throwShortage(cause, `${file.file} of the voice could not be read`);
    throw new EngineError('voice_missing', `${file.file} of the voice is missing`, { cause });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
    throw new EngineError('voice_corrupt', `${file.file} is not the file that ${card} describes`);
  return bytes;
}

/** What the embedder returns for one clip. */
export interface EmbeddedClip {
  /** [patches, dims]: one embedding per 0.96 s patch. */
  patches: number;
  values: Float32Array;
  /** 1 for each patch that counts in a distance: see sounding.ts. */
  sounding: Uint8Array;
  /** Natural logarithms of the clip's class probabilities, in the order of the card's classes. */
  scores: Float32Array;
  /** Which class the clip is likeliest of. */
  named: string;
}

/** Runs embedder.onnx: the same numbers as the trainer's `OwnEmbedder`. */
export class Embedder {
  readonly card: EmbedderCard;
  readonly #graph: Graph;

  private constructor(card: EmbedderCard, graph: Graph) {
    this.card = card;
    this.#graph = graph;
  }

  /** Throws voice_missing or voice_corrupt. */
  static async open(dir: string, threads = 1): Promise<Embedder> {
    const card = await readEmbedderCard(dir);
    return new Embedder(card, await Graph.read(dir, card.graph, { provider: 'cpu', threads }));
  }

  /** Mono at the card's rate; less than a patch is filled up with silence. */
  async embed(pcm: Float32Array): Promise<EmbeddedClip> {
    const { dims, classes, audio, patch } = this.card;
    const filled = new Float32Array(Math.max(audio.shortest, pcm.length));
    filled.set(pcm);
    const outputs = await this.#graph.run({ audio: floats(filled, [1, filled.length]) });
    const values = read(outputs, 'embeddings').slice();
    const scores = read(outputs, 'scores').slice();
    const counted = sounding(filled, audio.rate, patch.samples, patch.hop);
    if (values.length !== counted.length * dims || scores.length !== classes.length)
      throw new EngineError('voice_corrupt', "the embedder's output does not match its card");
    const likeliest = scores.indexOf(scores.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY));
    return { patches: counted.length, values, sounding: counted, scores, named: classes[likeliest] ?? '' };
  }

  async close(): Promise<void> {
    await this.#graph.release();
  }
}
