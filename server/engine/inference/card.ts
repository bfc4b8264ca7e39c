import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { EngineError } from '../errors.ts';
import { type Axis, axes, gridProblem, productOf } from './code-grid.ts';
import { depthGraphs, type GraphName, graphNames, optionalGraphFiles } from './graph-names.ts';
import { samplingSchema, unknownClasses } from './guidance.ts';

const size = z
  .int()
  .min(1)
  .max(1 << 20);
const axis = z.enum(axes as [Axis, ...Axis[]]);
export const cardFile = z.looseObject({
  // A plain file of the voice's own folder: no path leaves it.
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z
    .int()
    .min(1)
    .max(2 ** 31),
});

export type CardFile = z.infer<typeof cardFile>;

const cardSchema = z
  .looseObject({
    format: z.literal('foleyd-voice'),
    version: z.literal(2),
    classes: z.array(z.looseObject({ id: z.int().min(0), name: z.string().min(1) })).min(1),
    audio: z.looseObject({
      rate: z.int().min(1000).max(768_000),
      samples: z
        .int()
        .min(1)
        .max(1 << 26),
    }),
    mel: z.looseObject({ hop: size, bins: size, frames: size }),
    latent: z.looseObject({ codebooks: size, codes: z.int().min(2).max(65_535), frequency: size, time: size }),
    grid: z.looseObject({
      rows: size,
      cols: size,
      rowAxes: z.array(axis).min(1),
      colAxes: z.array(axis).min(1),
      // Axes whose codes are all in one cell; the depth graphs predict them in order.
      depthAxes: z.array(axis).optional(),
    }),
    prior: z.looseObject({
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
    }),
    graphs: z.looseObject({
      condition: cardFile,
      row: cardFile,
      pixel: cardFile,
      encoder: cardFile,
      decoder: cardFile,
      vocoder: cardFile,
      ...optionalGraphFiles(cardFile),
    }),
    sampling: samplingSchema.optional(),
    // Frames to each side that its sound depends on.
    vocoder: z.looseObject({ reach: z.int().min(0).max(1000) }),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .superRefine(({ classes, latent, grid, prior, graphs, hash, sampling }, context) => {
    const problem = gridProblem(latent, grid);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['grid'], message: problem });
    const further = productOf(latent, grid.depthAxes ?? []) - 1;
    if (depthGraphs.some((name, i) => (graphs[name] !== undefined) !== i < further) || further > depthGraphs.length) {
      const message = `expected the graphs depth1 to depth${further}: one for each code of a cell after the first`;
      context.addIssue({
        code: 'custom',
        path: ['graphs'],
        message: further === 0 ? 'expected no depth graphs' : message,
      });
    }
    if (graphs.contour !== undefined && (prior.contour ?? 0) === 0) {
      const message = 'expected 1 or more: the voice has a graph that draws loudness contours';
      context.addIssue({ code: 'custom', path: ['prior', 'contour'], message });
    }
    if (graphs.spectrum !== undefined && (prior.spectrum ?? 0) === 0) {
      const message = 'expected 1 or more: the voice has a graph that draws average spectra';
      context.addIssue({ code: 'custom', path: ['prior', 'spectrum'], message });
    }
    const { rows, cols } = kernelOf(prior);
    if (cols % 2 === 0 || cols < 3 || cols > 15 || rows < 2 || rows > 15)
      context.addIssue({
        code: 'custom',
        path: ['prior', 'kernel'],
        message: 'the kernel must be 2 to 15 rows and an odd number of columns, 3 to 15',
      });
    if (prior.conditionRows[0] !== 0)
      context.addIssue({ code: 'custom', path: ['prior', 'conditionRows'], message: 'the first must be row 0' });
    // Class weights are given in this order, and a recipe names a voice by its hash: both must mean what they say.
    if (classes.some(({ id }, index) => id !== index))
      context.addIssue({ code: 'custom', path: ['classes'], message: 'ids must count from 0, in order' });
    for (const name of unknownClasses({ classes, sampling })) {
      const at = ['sampling', 'guidance', 'classes', name];
      context.addIssue({ code: 'custom', path: at, message: 'the voice has no class of this name' });
    }
    if (hash !== voiceHash(graphs))
      context.addIssue({ code: 'custom', path: ['hash'], message: 'it is not the hash of the graphs' });
  });

/** Rows and columns that a causal convolution of the prior sees, its own included. */
export function kernelOf({ kernel }: { kernel: number | [number, number] }): { rows: number; cols: number } {
  const [rows, cols] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  return { rows, cols };
}

/** What the engine needs of a voice's card.json. */
export type Card = z.infer<typeof cardSchema>;

/** A voice's hash, from the SHA-256 of its graphs in the order of `graphNames`. */
export function voiceHash(graphs: { [name in GraphName]?: { sha256: string } | undefined }): string {
  const hashes = graphNames.flatMap((name) => graphs[name]?.sha256 ?? []);
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}

/** Throws voice_corrupt, naming what is wrong and where. */
export function parseCard(text: string): Card {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new EngineError('voice_corrupt', 'card.json is not JSON', { cause: error });
  }
  const parsed = cardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineError('voice_corrupt', `card.json: ${issue?.path.join('.') || 'card'}: ${issue?.message}`);
}

/** The text of a voice's card. Throws voice_missing. */
export async function readCardText(voiceDir: string): Promise<string> {
  try {
    return await readFile(path.join(voiceDir, 'card.json'), 'utf8');
  } catch (error) {
    throw new EngineError('voice_missing', `no card.json in ${path.basename(voiceDir)}`, { cause: error });
  }
}
