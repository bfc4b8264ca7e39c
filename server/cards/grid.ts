import { z } from 'zod';

export type Axis = 'codebook' | 'frequency' | 'time';
export const axes: readonly Axis[] = ['codebook', 'frequency', 'time'];

const size = z
  .int()
  .min(1)
  .max(1 << 20);
const axis = z.enum(axes as [Axis, ...Axis[]]);

/** A card's `latent`: the codes of a clip, and how many values each can have. */
export const latentSchema = z.looseObject({
  codebooks: size,
  codes: z.int().min(2).max(65_535),
  frequency: size,
  time: size,
});

/** A card's `grid`: the order in which the prior fills the latent. */
export const gridSchema = z.looseObject({
  rows: size,
  cols: size,
  rowAxes: z.array(axis).min(1),
  colAxes: z.array(axis).min(1),
  // Axes whose codes are all in one cell; the depth graphs predict them in order.
  depthAxes: z.array(axis).optional(),
});

/** A grid as a card describes it: rows of cells, and the codes of a cell, which is one unless axes of depth say more. */
export interface GridShape {
  rows: number;
  cols: number;
  rowAxes: readonly Axis[];
  colAxes: readonly Axis[];
  depthAxes?: readonly Axis[] | undefined;
}

/** Sizes of the latent's axes. */
export interface LatentShape {
  codebooks: number;
  frequency: number;
  time: number;
}

/** What is wrong with a grid for the codes of this latent; null where nothing is. */
export function gridProblem(
  latent: LatentShape,
  { rows, cols, rowAxes, colAxes, depthAxes = [] }: GridShape,
): string | null {
  const product = (names: readonly Axis[]): number => productOf(latent, names);
  if ([...rowAxes, ...colAxes, ...depthAxes].sort().join() !== [...axes].sort().join())
    return `row, column and depth axes must name ${axes} once each`;
  if (product(rowAxes) !== rows || product(colAxes) !== cols)
    return 'rows and columns are not the product of their axes';
  return rows * cols * product(depthAxes) > 1 << 20 ? 'the grid is too large' : null;
}

/** How many codes some of the latent's axes span together. */
export function productOf(latent: LatentShape, names: readonly Axis[]): number {
  const size = sizesOf(latent);
  return names.reduce((all, name) => all * size[name], 1);
}

export function sizesOf({ codebooks, frequency, time }: LatentShape): Record<Axis, number> {
  return { codebook: codebooks, frequency, time };
}
