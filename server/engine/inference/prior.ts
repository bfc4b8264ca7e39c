import { kernelOf, type VoiceCard } from '../../cards/voice-card.ts';
import { normalised } from '../dsp/loudness.ts';
import { type Feeds, floats, type Graph, integers, type Outputs, read } from '../onnx/runtime.ts';
import type { GridAxes } from './code-grid.ts';
import { KvCache } from './kv-cache.ts';

/** What a clip follows beside its class; each undefined where it follows none. */
export interface Followed {
  /** Levels in dB, one per mel frame. */
  contour?: Float32Array | undefined;
  /** Mean power in dB below the strongest, one per mel bin. */
  spectrum?: Float32Array | undefined;
}

/** A clip as the prior sees it. */
export interface Sampled {
  /** The next row. */
  row: number;
  /** Raster order; absent where nothing was chosen yet. */
  readonly codes: Uint16Array;
}

/** A clip's codes under one mix of classes, in a slot of the state, and what it follows: a guided clip has two, which choose the same codes. */
export interface Branch<C extends Sampled = Sampled> {
  readonly clip: C;
  classWeights: readonly number[];
  readonly followed: Followed;
  /** Of the rows from `conditionFrom` on [rows, columns, conditionDim], by the codebooks that are finished; empty to be computed again. */
  condition: Float32Array;
  conditionFrom: number;
}

/** Chooses a code for each slot: `place` is its index in the row, logits [slots, codes] are only lent. */
export type Choose = (place: number, logits: Float32Array) => ArrayLike<number>;

export type PriorGraph = Pick<Graph, 'run' | 'wants'>;

export interface PriorGraphs {
  condition: PriorGraph;
  row: PriorGraph;
  pixel: PriorGraph;
  /** For the second and each further code of a cell, where it has several. */
  depth: readonly PriorGraph[];
}

/**
 * The prior's graphs and what they remember of each slot. The row graph computes for a whole row what finished rows
 * contribute, the pixel graph adds what the row's own finished cells do. Where a cell has several codes, the pixel graph
 * gives the logits of the first, and a depth graph those of each further code by the codes before it. With K codes a cell,
 * M >= 2 rows of slots, P columns to each side and W columns: row graph codes [B, P, W + 2P, K]; pixel graph left [M, P, K]
 * -> logits [M, codes], starts [K - 1, M, Z]; depth graph k: start [M, Z], codes [M, k] -> logits [M, codes]. No bit of a
 * slot depends on the others (see the trainer's pixel graph).
 */
export class Prior {
  readonly #card: VoiceCard;
  readonly #axes: GridAxes;
  readonly #graphs: PriorGraphs;
  readonly state: KvCache;
  /** Columns to each side, and rows above, whose codes a cell sees. */
  readonly #reach: number;

  constructor(card: VoiceCard, axes: GridAxes, graphs: PriorGraphs) {
    this.#card = card;
    this.#axes = axes;
    this.#graphs = graphs;
    this.state = new KvCache(card, axes);
    this.#reach = (kernelOf(card.prior).cols - 1) / 2;
  }

  /**
   * The next row of the branches in the first slots. `furthest` is the last row that any slot has come to. Where all codes
   * are `given`, nobody looks at logits, and those of a cell's further codes are not computed.
   */
  async row(branches: readonly Branch[], furthest: number, choose: Choose, given = false): Promise<void> {
    const { cols } = this.#axes;
    // One at a time: it is once in ten rows, and its bits would depend on how many there are.
    for (const branch of branches) await this.#renew(branch);
    const above = await this.#graphs.row.run(this.#rowFeeds(branches));
    const feeds = this.state.beginRow(branches.length, (furthest + 1) * cols);
    for (const [column, own] of this.#columns(above, branches.length).entries()) {
      const cells = branches.map(({ clip: { row } }) => row * cols + column);
      this.state.setCells(cells);
      const outputs = await this.#graphs.pixel.run({ ...feeds, ...own });
      const codes = await this.#codesOf(column, outputs, branches.length, choose, given);
      const kept = { a1: read(outputs, 'a1'), a2: read(outputs, 'a2'), past: read(outputs, 'past') };
      this.state.beginKeep(branches.length);
      for (const [slot, cell] of cells.entries()) this.state.keep(slot, cell, codes[slot]!, kept);
    }
  }

  /** The codes of a column's cells, of each slot. */
  async #codesOf(
    column: number,
    outputs: Outputs,
    slots: number,
    choose: Choose,
    given: boolean,
  ): Promise<Uint16Array[]> {
    const { depth } = this.#axes;
    const codes = Array.from({ length: slots }, () => new Uint16Array(depth));
    // A lone slot has nobody beside it, as in the pixel graph.
    const several = Math.max(slots, 2);
    let logits = read(outputs, 'logits');
    for (let level = 0; level < depth; level++) {
      if (level > 0 && !given) logits = await this.#further(level, codes, read(outputs, 'starts'), several);
      const chosen = choose(column * depth + level, logits);
      for (let slot = 0; slot < slots; slot++) codes[slot]![level] = chosen[slot]!;
    }
    return codes;
  }

  /** Logits of code `level` of the cell of each slot, by those before it. */
  async #further(level: number, codes: Uint16Array[], starts: Float32Array, several: number): Promise<Float32Array> {
    const graph = this.#graphs.depth[level - 1];
    if (graph === undefined) throw new Error(`no graph for code ${level} of a cell`);
    const known = new BigInt64Array(several * level);
    for (let slot = 0; slot < several; slot++)
      for (let i = 0; i < level; i++) known[slot * level + i] = BigInt(codes[slot % codes.length]![i]!);
    const size = starts.length / (this.#axes.depth - 1);
    const start = starts.subarray((level - 1) * size, level * size);
    const feeds = { start: floats(start, [several, size / several]), codes: integers(known, [several, level]) };
    return read(await graph.run(feeds), 'logits');
  }

  /** Before the first row of each codebook: what the codebooks before it say. */
  async #renew(branch: Branch): Promise<void> {
    const { rows, cols } = this.#axes;
    const { clip, classWeights, followed } = branch;
    const { conditionRows } = this.#card.prior;
    const begun = conditionRows.filter((row) => row <= clip.row);
    const part = begun.length - 1;
    if (begun[part] !== clip.row && branch.condition.length > 0) return;
    const { condition } = this.#graphs;
    const outputs = await condition.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      // Rows that are time know nothing of finished codebooks: there are none before the end.
      ...(condition.wants('codes') ? { codes: integers(BigInt64Array.from(clip.codes, BigInt), [1, rows, cols]) } : {}),
      ...(condition.wants('part') ? { part: integers(BigInt64Array.of(BigInt(part)), [1]) } : {}),
      ...(condition.wants('contour') ? this.#contourFeeds(followed) : {}),
      ...(condition.wants('spectrum') ? this.#spectrumFeeds(followed) : {}),
    });
    branch.condition = read(outputs, 'condition');
    branch.conditionFrom = begun[part]!;
  }

  /** The contour of a clip, a row of levels for each row; without, one that counts for nothing. */
  #contourFeeds({ contour }: Followed): Feeds {
    const each = this.#card.prior.contour ?? 0;
    const { rows } = this.#axes;
    const levels = new Float32Array(rows * each);
    if (contour !== undefined) {
      levels.set(normalised(contour).subarray(0, levels.length));
      // The grid may end later than the clip.
      levels.fill(levels[contour.length - 1]!, Math.min(contour.length, levels.length));
    }
    return {
      contour: floats(levels, [1, rows, each]),
      known: floats(Float32Array.of(contour === undefined ? 0 : 1), [1]),
    };
  }

  #spectrumFeeds({ spectrum }: Followed): Feeds {
    const bins = this.#card.prior.spectrum ?? 0;
    return {
      spectrum: floats(spectrum ?? new Float32Array(bins), [1, bins]),
      spectrum_known: floats(Float32Array.of(spectrum === undefined ? 0 : 1), [1]),
    };
  }

  #rowFeeds(branches: readonly Branch[]): Feeds {
    const { cols, depth } = this.#axes;
    const { conditionDim } = this.#card.prior;
    const reach = this.#reach;
    const wide = (cols + 2 * reach) * depth;
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
      codes: integers(
        codes,
        depth === 1 ? [branches.length, reach, wide] : [branches.length, reach, wide / depth, depth],
      ),
      condition: floats(condition, [branches.length, cols, conditionDim]),
      ...(this.#graphs.row.wants('row') ? { row: this.#rowsOf(branches) } : {}),
    };
  }

  #rowsOf(branches: readonly Branch[]): Feeds[string] {
    const rows = BigInt64Array.from(branches, ({ clip: { row } }) => BigInt(row));
    return integers(rows, [rows.length]);
  }

  /** Codes of the P rows above the clip's row, with P absent columns on both sides: [P, W + 2P, codes of a cell]. */
  #rowsAbove({ row, codes }: Sampled, out: BigInt64Array): void {
    const { perRow, depth } = this.#axes;
    const reach = this.#reach;
    for (let i = 0; i < reach; i++) {
      const from = (row - reach + i) * perRow;
      if (from < 0) continue;
      const to = i * (perRow + 2 * reach * depth) + reach * depth;
      for (let place = 0; place < perRow; place++) out[to + place] = BigInt(codes[from + place]!);
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
