import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { sounding } from '../dsp/sounding.ts';
import { EngineError } from '../errors.ts';
import { floats, Graph, read } from '../onnx/runtime.ts';
import { cardFile } from './card.ts';

const earSchema = z.looseObject({
  format: z.literal('foleyd-embedder'),
  version: z.literal(1),
  classes: z.array(z.string().min(1)).min(1).max(4096),
  dims: z.int().min(1).max(4096),
  audio: z.looseObject({ rate: z.int().min(1000).max(768_000), shortest: z.int().min(1).max(10_000_000) }),
  /** Samples of a patch, and from one to the next. */
  patch: z.looseObject({ samples: z.int().min(1).max(10_000_000), hop: z.int().min(1).max(10_000_000) }),
  graph: cardFile,
  /** Real clips, as this embedder hears them. */
  reference: cardFile.extend({ about: z.string().max(1000) }).optional(),
  /** Seconds by when clips of a class have begun; null of one that need not. */
  latest: z.record(z.string(), z.number().min(0).nullable()).optional(),
  /** What tells real clips from generated ones. */
  ranking: cardFile.optional(),
});

/** An embedder's card, `embedder.json`. */
export type EmbedderCard = z.infer<typeof earSchema>;

/** A card is text; what is larger is none. */
const MAX_CARD = 1 << 20;

/** Throws voice_missing where the folder has no embedder, voice_corrupt where its card cannot be read. */
export async function readEmbedderCard(dir: string): Promise<EmbedderCard> {
  const text = await readFile(path.join(dir, 'embedder.json'), 'utf8').catch((cause: unknown) => {
    throw new EngineError('voice_missing', 'the voice has no embedder', { cause });
  });
  if (text.length > MAX_CARD) throw new EngineError('voice_corrupt', 'embedder.json is too large');
  try {
    return earSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineError('voice_corrupt', `embedder.json cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The reference that an embedder's card names, checked. Null where it names none. */
export function readEmbedderReference(dir: string, { reference }: EmbedderCard): Promise<Uint8Array | null> {
  return readVouched(dir, reference);
}

/** The weights of its ranking, checked in the same way. */
export function readEmbedderRanking(dir: string, { ranking }: EmbedderCard): Promise<Uint8Array | null> {
  return readVouched(dir, ranking);
}

async function readVouched(
  dir: string,
  file: { file: string; sha256: string } | undefined,
): Promise<Uint8Array | null> {
  if (file === undefined) return null;
  const bytes = await readFile(path.join(dir, file.file)).catch((cause: unknown) => {
    throw new EngineError('voice_missing', `${file.file} of the embedder is missing`, { cause });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
    throw new EngineError('voice_corrupt', `${file.file} is not the file that embedder.json describes`);
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
