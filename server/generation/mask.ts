import { ProtocolError } from '../../protocol/index.ts';
import { shareUniform } from '../engine/dsp/philox.ts';
import type { Grid } from './code-grid.ts';

/** How much of a clip a variation keeps; exactly one of the three. */
export interface MaskOptions {
  /** 0 keeps all, 1 nothing. */
  amount?: number | undefined;
  /** The first so many codebooks. */
  codebooks?: number | undefined;
  /** The first so many rows of the grid. */
  rows?: number | undefined;
}

/** Up to this amount only what follows the first codebook is drawn anew: detail. From there on the body is, too. */
const DETAIL = 0.35;

/**
 * Which codes a variation keeps [rows x codes of a row, raster order, 1 = kept].
 *
 * The amount goes through the codebooks from the finest on, and through the first one so that the sound changes evenly:
 * a third of its cells pins the body down, so most of its share of the amount lies where few are kept. Measured with
 * `server/bench/vary.ts`. Which cells those are follows from the seed and is nested: what a smaller amount draws anew, a
 * larger one does too.
 */
export function keepMask(grid: Grid, { amount = 0, codebooks, rows }: MaskOptions, seed: number): Uint8Array {
  const { perRow, codebookOf } = grid;
  const given = new Uint8Array(grid.rows * perRow);
  if (rows !== undefined) return given.fill(1, 0, bounded('keepRows', rows, grid.rows) * perRow);
  const kept = codebooks === undefined ? null : bounded('codebooks', codebooks, grid.codebooks);
  for (let cell = 0; cell < given.length; cell++) {
    const codebook = codebookOf[cell]!;
    if (kept !== null) given[cell] = codebook < kept ? 1 : 0;
    else {
      const share = freshShare(codebook, grid.codebooks, amount);
      given[cell] = share >= 1 || (share > 0 && shareUniform(seed, cell) < share) ? 0 : 1;
    }
  }
  return given;
}

/** The share of a codebook's cells that is drawn anew. */
function freshShare(codebook: number, codebooks: number, amount: number): number {
  if (codebook > 0) return Math.min(1, amount / DETAIL) * (codebooks - 1) - (codebooks - 1 - codebook);
  const body = codebooks === 1 ? amount : (amount - DETAIL) / (1 - DETAIL);
  return body <= 0 ? 0 : 1 - (1 - body) ** 1.3 * Math.max(0.35, 1 - 6 * body);
}

/** Codes sent by a client, or stored with a clip, as this grid takes them. Throws bad_args. */
export function checkCodes(grid: Grid, codes: ArrayLike<number>, path: string): Uint16Array {
  const fail = (message: string): never => {
    throw new ProtocolError('bad_args', `${path}: ${message}`, { path });
  };
  const cells = grid.rows * grid.perRow;
  if (codes.length !== cells) fail(`${codes.length} codes for a grid of ${cells}`);
  for (let cell = 0; cell < cells; cell++)
    if (!(Number.isInteger(codes[cell]) && codes[cell]! >= 0 && codes[cell]! < grid.codes))
      fail(`code ${cell} is not between 0 and ${grid.codes - 1}`);
  return Uint16Array.from(codes);
}

function bounded(name: string, value: number, most: number): number {
  if (value <= most) return value;
  throw new ProtocolError('bad_args', `args.${name}: expected at most ${most}, as many as the voice has`, {
    path: `args.${name}`,
  });
}
