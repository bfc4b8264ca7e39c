import type { z } from 'zod';

/** Graphs of the second and further codes of a cell, in order. */
export const depthGraphs = ['depth1', 'depth2', 'depth3', 'depth4', 'depth5', 'depth6', 'depth7'] as const;
const optionalGraphs = ['excitation', ...depthGraphs, 'contour', 'spectrum', 'grain'] as const;
/**
 * In the order of a voice's hash. Only vocoders that are excited by noise have `excitation`, and only voices that follow
 * loudness contours `contour`, or average spectra `spectrum`: each draws one where none is given. `grain` tells of a class
 * how grainy the noise is.
 */
export const graphNames = ['condition', 'row', 'pixel', 'encoder', 'decoder', 'vocoder', ...optionalGraphs] as const;
export type GraphName = (typeof graphNames)[number];

/** A card's optional graphs as keys of a schema. */
export function optionalGraphFiles<T extends z.ZodType>(
  file: T,
): Record<(typeof optionalGraphs)[number], z.ZodOptional<T>> {
  const entries = optionalGraphs.map((name) => [name, file.optional()]);
  return Object.fromEntries(entries) as Record<(typeof optionalGraphs)[number], z.ZodOptional<T>>;
}
