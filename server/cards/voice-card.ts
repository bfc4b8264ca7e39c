/**
 * `card.json` of a voice's folder, declared once: the trainer writes it, the engine, the catalogue and the handlers read
 * it. Keys that are not named here are kept.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isPrintable } from '../../protocol/printable.ts';
import { cardFileSchema } from './card-file.ts';
import { depthGraphs, type GraphName, graphNames, optionalGraphFiles } from './graph-names.ts';
import { gridProblem, gridSchema, latentSchema, productOf } from './grid.ts';
import { samplingSchema, unknownClasses } from './guidance.ts';

const size = z
  .int()
  .min(1)
  .max(1 << 20);
const hertz = z.number().min(0);

/** They are shown in terminals, and are names of folders and files. */
const shown = z.string().refine(isPrintable, 'a name has control characters');

const classesSchema = z
  .array(z.looseObject({ id: z.int().min(0), name: shown.min(1).max(100) }))
  .min(1)
  .max(10_000)
  .refine((classes) => new Set(classes.map(({ id }) => id)).size === classes.length, 'two classes share an id')
  .refine(
    (classes) => new Set(classes.map(({ name }) => name.toLowerCase())).size === classes.length,
    'two classes share a name',
  )
  // Class weights are given in this order.
  .refine((classes) => classes.every(({ id }, index) => id === index), 'expected ids 0, 1, 2, ... in order');

const melSchema = z
  .looseObject({
    nFft: z
      .int()
      .min(2)
      .max(65_536)
      .refine((nFft) => (nFft & (nFft - 1)) === 0, 'expected a power of two'),
    window: z.int().optional(),
    hop: size,
    bins: size,
    fMin: hertz,
    fMax: hertz,
    frames: size,
    floor: z.number().min(0),
  })
  .refine(({ window, nFft }) => window === undefined || window === nFft, {
    path: ['window'],
    error: 'expected the same as nFft',
  })
  .refine(({ hop, nFft }) => hop <= nFft, { path: ['hop'], error: 'expected nFft or less' });

const priorSchema = z
  .looseObject({
    channels: size,
    layers: size,
    blocks: size,
    heads: size,
    headDim: size,
    // Of rows and columns alike, or of each.
    kernel: z.union([size, z.tuple([size, size])]),
    conditionDim: size,
    conditionRows: z.array(z.int().min(0)),
    // It was trained with labels left out: class weights of zero mean no class.
    nullClass: z.boolean().optional(),
    // Loudness levels a row that it can follow; none without.
    contour: z.int().min(0).max(1024).optional(),
    // Mel bins of an average spectrum that it can follow; none without.
    spectrum: z.int().min(0).max(1024).optional(),
  })
  .refine(({ conditionRows }) => conditionRows[0] === 0, { path: ['conditionRows'], error: 'expected row 0 first' })
  .refine(
    (prior) => {
      const { rows, cols } = kernelOf(prior);
      return cols % 2 === 1 && cols >= 3 && cols <= 15 && rows >= 2 && rows <= 15;
    },
    { path: ['kernel'], error: 'expected a kernel of 2 to 15 rows and 3 to 15 columns, an odd number' },
  );

export const voiceCardSchema = z
  .looseObject({
    format: z.literal('foleyd-voice'),
    version: z.literal(2),
    name: shown.min(1).max(200),
    classes: classesSchema,
    audio: z.looseObject({
      rate: z.int().min(1000).max(768_000),
      samples: z
        .int()
        .min(1)
        .max(1 << 26),
    }),
    mel: melSchema,
    latent: latentSchema,
    grid: gridSchema,
    prior: priorSchema,
    graphs: z.looseObject({
      condition: cardFileSchema,
      row: cardFileSchema,
      pixel: cardFileSchema,
      encoder: cardFileSchema,
      decoder: cardFileSchema,
      vocoder: cardFileSchema,
      ...optionalGraphFiles(cardFileSchema),
    }),
    sampling: samplingSchema.optional(),
    // Frames to each side that its sound depends on.
    vocoder: z.looseObject({ reach: z.int().min(0).max(1000) }),
    // A fine-tuned voice: the voice it was made of, and the classes that one still makes.
    retrained: z
      .looseObject({
        base: z.looseObject({ hash: z.string() }).nullable(),
        kept: z.array(z.string()).max(10_000).optional(),
      })
      .optional(),
    // What the training recordings are known again by: the trainer's `voices/fingerprints.py`.
    fingerprints: cardFileSchema.optional(),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .superRefine(({ classes, latent, grid, prior, graphs, hash, sampling }, context) => {
    const refuse = (message: string, ...at: string[]): void => context.addIssue({ code: 'custom', path: at, message });
    const problem = gridProblem(latent, grid);
    if (problem !== null) refuse(problem, 'grid');
    const further = productOf(latent, grid.depthAxes ?? []) - 1;
    if (depthGraphs.some((name, i) => (graphs[name] !== undefined) !== i < further) || further > depthGraphs.length) {
      const message = `expected the graphs depth1 to depth${further}: one for each code of a cell after the first`;
      refuse(further === 0 ? 'expected no depth graphs' : message, 'graphs');
    }
    if (graphs.contour !== undefined && (prior.contour ?? 0) === 0)
      refuse('expected 1 or more: the voice has a graph that draws loudness contours', 'prior', 'contour');
    if (graphs.spectrum !== undefined && (prior.spectrum ?? 0) === 0)
      refuse('expected 1 or more: the voice has a graph that draws average spectra', 'prior', 'spectrum');
    if (graphs.grain !== undefined && graphs.excitation === undefined)
      refuse('expected the graph excitation: the voice has a graph that tells how grainy its noise is', 'graphs');
    for (const name of unknownClasses({ classes, sampling }))
      refuse('the voice has no class of this name', 'sampling', 'guidance', 'classes', name);
    // A recipe names a voice by its hash.
    if (hash !== voiceHash(graphs)) refuse('does not match the graphs', 'hash');
  });

export type VoiceCard = z.infer<typeof voiceCardSchema>;

/** Rows and columns that a causal convolution of the prior sees, its own included. */
export function kernelOf({ kernel }: { kernel: number | [number, number] }): { rows: number; cols: number } {
  const [rows, cols] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  return { rows, cols };
}

/** A voice's hash, from the SHA-256 of its graphs in the order of `graphNames`. */
export function voiceHash(graphs: { [name in GraphName]?: { sha256: string } | undefined }): string {
  const hashes = graphNames.flatMap((name) => graphs[name]?.sha256 ?? []);
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}

/** Where a card is wrong, and how: the first of its problems. */
export function cardProblem({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'card'}: ${issue?.message}`;
}
