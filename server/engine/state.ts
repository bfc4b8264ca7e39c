import type { GridAxes } from './axes.ts';
import type { Card } from './card.ts';
import { type Feeds, floats, integers } from './ort.ts';

/** What one cell leaves behind for later cells. */
export interface CellState {
  /** [layers, channels] each. */
  a1: Float32Array;
  a2: Float32Array;
  /** [blocks, heads, headDim] each. */
  key: Float32Array;
  value: Float32Array;
}

/** Additive mask of what a cell may not attend to: far below any score, and exp() of it is exactly 0. */
const HIDDEN = -1e4;

/**
 * Everything the sampler remembers of one clip: codes, activations of the rows above and of the row's own left
 * neighbours, keys and values. Arrays are lent to the graphs without a copy and changed in place between runs.
 */
export class SamplerState {
  readonly codes: Uint16Array;
  /** Activations of the rows above [layers, 1, W + 2P, R * channels], oldest row first, zeros outside the grid. */
  readonly above1: Float32Array;
  readonly above2: Float32Array;

  readonly #prior: Card['prior'];
  readonly #axes: GridAxes;
  readonly #reach: number;
  readonly #absent: bigint;
  readonly #left: BigInt64Array;
  readonly #left1: Float32Array;
  readonly #left2: Float32Array;
  /** Room for the whole clip; #grow spreads them as T grows. */
  readonly #key: Float32Array;
  readonly #value: Float32Array;
  readonly #mask: Float32Array;
  #row = 0;
  /** Cells that have a place in keys, values and mask. */
  #cells = 0;

  constructor({ prior }: Pick<Card, 'prior'>, axes: GridAxes) {
    const { layers, channels, kernel, blocks, heads, headDim } = prior;
    this.#prior = prior;
    this.#axes = axes;
    this.#reach = (kernel - 1) / 2;
    this.#absent = BigInt(axes.absent);
    this.codes = new Uint16Array(axes.rows * axes.cols).fill(axes.absent);
    const activations = layers * (axes.cols + 2 * this.#reach) * (kernel - 1) * channels;
    this.above1 = new Float32Array(activations);
    this.above2 = new Float32Array(activations);
    this.#left = new BigInt64Array(this.#reach);
    this.#left1 = new Float32Array(layers * this.#reach * channels);
    this.#left2 = new Float32Array(layers * this.#reach * channels);
    const past = blocks * heads * headDim * this.codes.length;
    this.#key = new Float32Array(past);
    this.#value = new Float32Array(past);
    this.#mask = new Float32Array(this.codes.length);
  }

  /** All codes, absent where none is chosen yet, for the condition graph. */
  codesSoFar(): BigInt64Array {
    return BigInt64Array.from(this.codes, BigInt);
  }

  /** Codes of the P rows above `row` with P absent columns on both sides [P, W + 2P]. */
  rowsAbove(row: number): BigInt64Array {
    const { cols } = this.#axes;
    const reach = this.#reach;
    const wide = cols + 2 * reach;
    const out = new BigInt64Array(reach * wide).fill(this.#absent);
    for (let i = 0; i < reach; i++) {
      const from = (row - reach + i) * cols;
      if (from < 0) continue;
      for (let column = 0; column < cols; column++) out[i * wide + reach + column] = BigInt(this.codes[from + column]!);
    }
    return out;
  }

  /** Makes room for a row and returns the feeds that all its cells share. */
  beginRow(row: number): Feeds {
    const { layers, channels } = this.#prior;
    const reach = this.#reach;
    this.#row = row;
    this.#grow((row + 1) * this.#axes.cols);
    this.#mask.fill(HIDDEN, row * this.#axes.cols, this.#cells);
    for (const above of [this.above1, this.above2]) this.#shift(above);
    this.#left.fill(this.#absent);
    this.#left1.fill(0);
    this.#left2.fill(0);
    return {
      left: integers(this.#left, [1, reach]),
      l1: floats(this.#left1, [layers, 1, reach * channels]),
      l2: floats(this.#left2, [layers, 1, reach * channels]),
      ...this.#past(),
      mask: floats(this.#mask.subarray(0, this.#cells), [this.#cells]),
    };
  }

  keep(column: number, code: number, cell: CellState): void {
    const at = this.#row * this.#axes.cols + column;
    this.codes[at] = code;
    this.#mask[at] = 0;
    this.#remember(at, cell);
    this.#place(this.above1, column, cell.a1);
    this.#place(this.above2, column, cell.a2);
    this.#left.copyWithin(0, 1);
    this.#left[this.#reach - 1] = BigInt(code);
    this.#push(this.#left1, cell.a1);
    this.#push(this.#left2, cell.a2);
  }

  /** Keys and values of each block by themselves: one tensor for all would be copied apart at every cell. */
  #past(): Feeds {
    const { blocks, heads, headDim } = this.#prior;
    const length = heads * headDim * this.#cells;
    const feeds: Feeds = {};
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [block * length, (block + 1) * length];
      feeds[`key${block}`] = floats(this.#key.subarray(from, to), [1, 1, heads, headDim, this.#cells]);
      feeds[`value${block}`] = floats(this.#value.subarray(from, to), [1, 1, heads, this.#cells, headDim]);
    }
    return feeds;
  }

  /** Keys [.., headDim, T] and values [.., T, headDim] with T = cells; places without a cell are zero. */
  #grow(cells: number): void {
    const { blocks, heads, headDim } = this.#prior;
    spread(this.#key, blocks * heads * headDim, this.#cells, cells);
    spread(this.#value, blocks * heads, this.#cells * headDim, cells * headDim);
    this.#cells = cells;
  }

  #remember(at: number, { key, value }: CellState): void {
    const { blocks, heads, headDim } = this.#prior;
    const cells = this.#cells;
    for (let head = 0, from = 0; head < blocks * heads; head++)
      for (let i = 0; i < headDim; i++, from++) {
        this.#key[from * cells + at] = key[from]!;
        this.#value[(head * cells + at) * headDim + i] = value[from]!;
      }
  }

  /**
   * The oldest row above goes. The array moves as one; what comes to lie in the newest row's place belongs to a
   * neighbour, but all of that row's cells are written before the row graph looks, and outside the grid it is zero.
   */
  #shift(above: Float32Array): void {
    const { layers, channels, kernel } = this.#prior;
    const span = (kernel - 1) * channels;
    const wide = this.#axes.cols + 2 * this.#reach;
    above.copyWithin(0, channels);
    for (let cell = 0; cell < layers * wide; cell++) {
      const column = (cell % wide) - this.#reach;
      if (column < 0 || column >= this.#axes.cols) above.fill(0, cell * span, (cell + 1) * span);
    }
  }

  #place(above: Float32Array, column: number, activations: Float32Array): void {
    const { layers, channels, kernel } = this.#prior;
    const span = (kernel - 1) * channels;
    const wide = this.#axes.cols + 2 * this.#reach;
    for (let layer = 0; layer < layers; layer++) {
      const newest = (layer * wide + this.#reach + column + 1) * span - channels;
      copy(activations, layer * channels, above, newest, channels);
    }
  }

  /** Left neighbours [layers, P * channels], the farthest first. */
  #push(left: Float32Array, activations: Float32Array): void {
    const { layers, channels } = this.#prior;
    const span = this.#reach * channels;
    left.copyWithin(0, channels);
    for (let layer = 0; layer < layers; layer++)
      copy(activations, layer * channels, left, (layer + 1) * span - channels, channels);
  }
}

/** A plain loop: for a few hundred numbers, some thousand times a row, views would cost more than what they copy. */
function copy(from: Float32Array, at: number, to: Float32Array, place: number, length: number): void {
  for (let i = 0; i < length; i++) to[place + i] = from[at + i]!;
}

/** In place, `count` pieces of `before` numbers -> as many of `now`, each with zeros at its end. */
function spread(data: Float32Array, count: number, before: number, now: number): void {
  for (let piece = count - 1; piece >= 0; piece--) {
    data.copyWithin(piece * now, piece * before, (piece + 1) * before);
    data.fill(0, piece * now + before, (piece + 1) * now);
  }
}
