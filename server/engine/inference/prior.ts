import { type Feeds, floats, type Graph, integers, type Outputs, read } from '../onnx/runtime.ts';
import type { Card } from './card.ts';
import type { GridAxes } from './code-grid.ts';
import { KvCache } from './kv-cache.ts';

/** A clip as the prior sees it. */
export interface Sampled {
  /** The next row. */
  row: number;
  /** Raster order; absent where nothing was chosen yet. */
  readonly codes: Uint16Array;
}

/** A clip's codes under one mix of classes, in a slot of the state: a guided clip has two, which choose the same codes. */
export interface Branch<C extends Sampled = Sampled> {
  readonly clip: C;
  readonly classWeights: readonly number[];
  /** Of the rows from `conditionFrom` on [rows, columns, conditionDim], by the codebooks that are finished. */
  condition: Float32Array;
  conditionFrom: number;
}

/**
 * Chooses codes: `place` is the code's index in its row, logits [slots, codes] are only lent, and `out` takes the code of
 * each slot.
 */
export type Choose = (place: number, logits: Float32Array, out: Uint16Array) => void;

export interface PriorGraphs {
  condition: Graph;
  row: Graph;
  pixel: Graph;
}

/**
 * The prior's graphs and what they remember of each slot. The row graph computes for a whole row what finished rows
 * contribute, the pixel graph adds what the row's own finished cells do. No bit of a slot depends on the others (see the
 * trainer's pixel graph).
 */
export class Prior {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #graphs: PriorGraphs;
  readonly state: KvCache;

  constructor(card: Card, axes: GridAxes, graphs: PriorGraphs) {
    this.#card = card;
    this.#axes = axes;
    this.#graphs = graphs;
    this.state = new KvCache(card, axes);
  }

  /** The next row of the branches in the first slots. `furthest` is the last row that any slot has come to. */
  async row(branches: readonly Branch[], furthest: number, choose: Choose): Promise<void> {
    const { cols } = this.#axes;
    // One at a time: it is once in ten rows, and its bits would depend on how many there are.
    for (const branch of branches) await this.#renew(branch);
    const above = await this.#graphs.row.run(this.#rowFeeds(branches));
    const feeds = this.state.beginRow(branches.length, (furthest + 1) * cols);
    const chosen = new Uint16Array(branches.length);
    for (const [column, own] of this.#columns(above, branches.length).entries()) {
      const cells = branches.map(({ clip: { row } }) => row * cols + column);
      this.state.setCells(cells);
      const outputs = await this.#graphs.pixel.run({ ...feeds, ...own });
      choose(column, read(outputs, 'logits'), chosen);
      const kept = { a1: read(outputs, 'a1'), a2: read(outputs, 'a2'), past: read(outputs, 'past') };
      this.state.beginKeep(branches.length);
      for (const [slot, cell] of cells.entries()) this.state.keep(slot, cell, chosen[slot]!, kept);
    }
  }

  /** Before the first row of each codebook: what the codebooks before it say. */
  async #renew(branch: Branch): Promise<void> {
    const { rows, cols } = this.#axes;
    const { clip, classWeights } = branch;
    const part = this.#card.prior.conditionRows.indexOf(clip.row);
    if (part < 0) return;
    const outputs = await this.#graphs.condition.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      codes: integers(BigInt64Array.from(clip.codes, BigInt), [1, rows, cols]),
      part: integers(BigInt64Array.of(BigInt(part)), [1]),
    });
    branch.condition = read(outputs, 'condition');
    branch.conditionFrom = clip.row;
  }

  #rowFeeds(branches: readonly Branch[]): Feeds {
    const { cols } = this.#axes;
    const { kernel, conditionDim } = this.#card.prior;
    const reach = (kernel - 1) / 2;
    const wide = cols + 2 * reach;
    const codes = new BigInt64Array(branches.length * reach * wide).fill(BigInt(this.#axes.absent));
    const condition = new Float32Array(branches.length * cols * conditionDim);
    for (const [slot, branch] of branches.entries()) {
      this.#rowsAbove(branch.clip, codes.subarray(slot * reach * wide, (slot + 1) * reach * wide));
      const each = cols * conditionDim;
      const at = branch.clip.row - branch.conditionFrom;
      condition.set(branch.condition.subarray(at * each, (at + 1) * each), slot * each);
    }
    return {
      ...this.state.rowFeeds(branches.length),
      codes: integers(codes, [branches.length, reach, wide]),
      condition: floats(condition, [branches.length, cols, conditionDim]),
      row: integers(
        BigInt64Array.from(branches, ({ clip: { row } }) => BigInt(row)),
        [branches.length],
      ),
    };
  }

  /** Codes of the P rows above the clip's row, with P absent columns on both sides: [P, W + 2P]. */
  #rowsAbove({ row, codes }: Sampled, out: BigInt64Array): void {
    const { cols } = this.#axes;
    const reach = (this.#card.prior.kernel - 1) / 2;
    for (let i = 0; i < reach; i++) {
      const from = (row - reach + i) * cols;
      if (from < 0) continue;
      const to = i * (cols + 2 * reach) + reach;
      for (let column = 0; column < cols; column++) out[to + column] = BigInt(codes[from + column]!);
    }
  }

  /** The row graph's outputs cut into what each column's cells are fed. */
  #columns(outputs: Outputs, slots: number): Feeds[] {
    const { layers, channels } = this.#card.prior;
    const parts: [string, number[]][] = [
      ['c1', [slots, layers, channels]],
      ['c2', [slots, layers, 2 * channels]],
      ['e0', [slots, channels]],
    ];
    return Array.from({ length: this.#axes.cols }, (_, column) =>
      Object.fromEntries(
        parts.map(([name, dims]) => {
          const length = dims.reduce((a, b) => a * b);
          return [name, floats(read(outputs, name).subarray(column * length, (column + 1) * length), dims)];
        }),
      ),
    );
  }
}
