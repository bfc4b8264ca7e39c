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
  #key = new Float32Array(0);
  #value = new Float32Array(0);
  #mask = new Float32Array(0);
  #row = 0;
  /** Cells that have a place in keys, values and mask. */
  #cells = 0;

  constructor({ prior }: Pick<Card, 'prior'>, axes: GridAxes) {
    const { layers, channels, kernel } = prior;
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
    this.#mask.fill(HIDDEN, row * this.#axes.cols);
    for (const above of [this.above1, this.above2]) this.#shift(above);
    this.#left.fill(this.#absent);
    this.#left1.fill(0);
    this.#left2.fill(0);
    return {
      left: integers(this.#left, [1, reach]),
      l1: floats(this.#left1, [layers, 1, reach * channels]),
      l2: floats(this.#left2, [layers, 1, reach * channels]),
      ...this.#past(),
      mask: floats(this.#mask, [this.#cells]),
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
    const before = this.#cells;
    const key = new Float32Array(blocks * heads * headDim * cells);
    const value = new Float32Array(blocks * heads * headDim * cells);
    for (let i = 0; i < blocks * heads * headDim; i++)
      key.set(this.#key.subarray(i * before, (i + 1) * before), i * cells);
    const [old, now] = [before * headDim, cells * headDim];
    for (let i = 0; i < blocks * heads; i++) value.set(this.#value.subarray(i * old, (i + 1) * old), i * now);
    const mask = new Float32Array(cells);
    mask.set(this.#mask);
    this.#key = key;
    this.#value = value;
    this.#mask = mask;
    this.#cells = cells;
  }

  #remember(at: number, { key, value }: CellState): void {
    const { headDim } = this.#prior;
    for (let i = 0; i < key.length; i++) {
      this.#key[i * this.#cells + at] = key[i]!;
      const head = Math.floor(i / headDim);
      this.#value[(head * this.#cells + at) * headDim + (i % headDim)] = value[i]!;
    }
  }

  /** The oldest row above goes, the row that begins becomes the newest. */
  #shift(above: Float32Array): void {
    const { channels, kernel } = this.#prior;
    const span = (kernel - 1) * channels;
    for (let at = 0; at < above.length; at += span) {
      above.copyWithin(at, at + channels, at + span);
      above.fill(0, at + span - channels, at + span);
    }
  }

  #place(above: Float32Array, column: number, activations: Float32Array): void {
    const { layers, channels, kernel } = this.#prior;
    const span = (kernel - 1) * channels;
    const wide = this.#axes.cols + 2 * this.#reach;
    for (let layer = 0; layer < layers; layer++) {
      const cell = layer * wide + this.#reach + column;
      above.set(activations.subarray(layer * channels, (layer + 1) * channels), (cell + 1) * span - channels);
    }
  }

  /** Left neighbours [layers, P * channels], the farthest first. */
  #push(left: Float32Array, activations: Float32Array): void {
    const { layers, channels } = this.#prior;
    const span = this.#reach * channels;
    for (let layer = 0; layer < layers; layer++) {
      const at = layer * span;
      left.copyWithin(at, at + channels, at + span);
      left.set(activations.subarray(layer * channels, (layer + 1) * channels), at + span - channels);
    }
  }
}
