import { ProtocolError } from '../../protocol/index.ts';
import { shareUniform } from '../engine/philox.ts';
import type { Grid } from './grid.ts';

/** How much of a clip a variation keeps; exactly one of the three. */
export interface Keep {
  /** 0 keeps all, 1 nothing. */
  amount?: number | undefined;
  /** The first so many codebooks. */
  codebooks?: number | undefined;
  /** The first so many rows of the grid. */
  rows?: number | undefined;
}

/**
 * Which cells a variation keeps [rows x cols, raster order, 1 = kept].
 *
 * The amount counts codebooks from the finest: of K codebooks the finest `floor(amount * K)` are drawn anew whole, and
 * of the next coarser one a share of cells, `amount * K - floor(amount * K)`. Which cells those are follows from the
 * seed and is nested: what a smaller amount draws anew, a larger one does too. A voice of one codebook has the share
 * alone.
 */
export function keepMask(grid: Grid, { amount, codebooks, rows }: Keep, seed: number): Uint8Array {
  const { cols, codebookOf } = grid;
  const given = new Uint8Array(grid.rows * cols);
  if (rows !== undefined) return given.fill(1, 0, bounded('rows', rows, grid.rows) * cols);
  const fresh =
    codebooks === undefined
      ? (amount ?? 0) * grid.codebooks
      : grid.codebooks - bounded('codebooks', codebooks, grid.codebooks);
  for (let cell = 0; cell < given.length; cell++) {
    // 0 for the finest.
    const level = grid.codebooks - 1 - codebookOf[cell]!;
    const share = fresh - level;
    given[cell] = share >= 1 || (share > 0 && shareUniform(seed, cell) < share) ? 0 : 1;
  }
  return given;
}

/** Codes sent by a client, or stored with a clip, as this grid takes them. Throws bad_args. */
export function checkCodes(grid: Grid, codes: ArrayLike<number>, path: string): Uint16Array {
  const fail = (message: string): never => {
    throw new ProtocolError('bad_args', `${path}: ${message}`, { path });
  };
  const cells = grid.rows * grid.cols;
  if (codes.length !== cells) fail(`${codes.length} codes for a grid of ${cells}`);
  for (let cell = 0; cell < cells; cell++)
    if (!(Number.isInteger(codes[cell]) && codes[cell]! >= 0 && codes[cell]! < grid.codes))
      fail(`code ${cell} is not one from 0 to ${grid.codes - 1}`);
  return Uint16Array.from(codes);
}

function bounded(name: string, value: number, most: number): number {
  if (value <= most) return value;
  throw new ProtocolError('bad_args', `args.${name}: the voice has ${most}`, { path: `args.${name}` });
}
