import { z } from 'zod';
import { cardFileSchema } from './card-file.ts';

/** `embedder.json`: the embedder of a voice's folder, and the files that lie there because of it. Other keys are kept. */
export const embedderCardSchema = z.looseObject({
  format: z.literal('foleyd-embedder'),
  version: z.literal(1),
  classes: z.array(z.string().min(1)).min(1).max(4096),
  dims: z.int().min(1).max(4096),
  audio: z.looseObject({ rate: z.int().min(1000).max(768_000), shortest: z.int().min(1).max(10_000_000) }),
  /** Samples of a patch, and from one to the next. */
  patch: z.looseObject({ samples: z.int().min(1).max(10_000_000), hop: z.int().min(1).max(10_000_000) }),
  graph: cardFileSchema,
  /** Embeddings of real clips. */
  reference: cardFileSchema.extend({ about: z.string().max(1000) }).optional(),
  /** Seconds by when clips of a class have begun; null of one that need not. */
  latest: z.record(z.string(), z.number().min(0).nullable()).optional(),
  /** What tells real clips from generated ones. */
  ranking: cardFileSchema.optional(),
});

export type EmbedderCard = z.infer<typeof embedderCardSchema>;
