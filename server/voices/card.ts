import { z } from 'zod';
import { isPrintable } from '../../protocol/index.ts';
import { optionalGraphFiles } from '../engine/inference/graph-names.ts';
import { samplingSchema, unknownClasses } from '../engine/inference/guidance.ts';
import { SAFE_NAME } from './names.ts';

const count = z
  .int()
  .min(1)
  .max(2 ** 31);
const graph = z.looseObject({
  file: z.string().regex(SAFE_NAME),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: count,
});

/** They are shown in terminals, and are names of folders and files. */
const shown = z.string().refine(isPrintable, 'a name has control characters');

/** What the catalogue needs of a card; the engine reads the rest for itself. Keys not named here are kept. */
export const cardSchema = z
  .looseObject({
    format: z.literal('foleyd-voice'),
    version: z.literal(2),
    name: shown.min(1).max(200),
    classes: z
      .array(z.looseObject({ id: z.int().min(0), name: shown.min(1).max(100) }))
      .min(1)
      .max(10_000),
    audio: z.looseObject({ rate: z.int().min(1000).max(768_000), samples: count }),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    graphs: z.looseObject({
      condition: graph,
      row: graph,
      pixel: graph,
      encoder: graph,
      decoder: graph,
      vocoder: graph,
      ...optionalGraphFiles(graph),
    }),
    sampling: samplingSchema.optional(),
    retrained: z
      .looseObject({
        base: z.looseObject({ hash: z.string() }).nullable(),
        kept: z.array(z.string()).max(10_000).optional(),
      })
      .optional(),
  })
  .refine((card) => new Set(card.classes.map(({ id }) => id)).size === card.classes.length, 'two classes share an id')
  .refine(
    (card) => new Set(card.classes.map(({ name }) => name.toLowerCase())).size === card.classes.length,
    'two classes share a name',
  )
  .refine((card) => card.classes.every(({ id }) => id < card.classes.length), 'class ids must count from 0')
  .refine((card) => unknownClasses(card).length === 0, {
    error: 'expected names of classes of the voice',
    path: ['sampling', 'guidance', 'classes'],
  });

export type VoiceCard = z.infer<typeof cardSchema>;

/** What the catalogue needs of the card of an embedder, `embedder.json`: what else lies in the folder because of it. */
export const embedderCardSchema = z.looseObject({
  format: z.literal('foleyd-embedder'),
  version: z.literal(1),
  graph,
  reference: graph.optional(),
  ranking: graph.optional(),
});
