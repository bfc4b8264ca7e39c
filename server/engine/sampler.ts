import type { GridAxes } from './axes.ts';
import type { Card } from './card.ts';
import { Draw, type DrawOptions } from './draw.ts';
import { type Feeds, floats, type Graph, integers, type Outputs, read } from './ort.ts';
import { cellUniform } from './philox.ts';
import { SamplerState } from './state.ts';

export interface SampleOptions extends DrawOptions {
  classWeights: number[];
  seed: number;
  /** Raster order: take these codes instead of drawing any (teacher forcing). */
  given?: Uint16Array;
  /** Sees the logits of every cell before its code is chosen; they are only lent. */
  onLogits?: (cell: number, logits: Float32Array) => void;
  /** After each row; what it returns is awaited, and a rejection ends the sampling. */
  onRow: (row: number, codes: Uint16Array) => Promise<void> | void;
}

/**
 * The prior, sampled exactly: the row graph computes for a whole row what finished rows contribute, the pixel graph
 * adds what the row's own finished cells do. Always one clip at a time: rounding would change with the batch, and a
 * seed would then give another clip when somebody else happened to ask too.
 */
export class Sampler {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #graphs: { condition: Graph; row: Graph; pixel: Graph };

  constructor(card: Card, axes: GridAxes, graphs: { condition: Graph; row: Graph; pixel: Graph }) {
    this.#card = card;
    this.#axes = axes;
    this.#graphs = graphs;
  }

  /** Returns rows x columns codes in raster order. */
  async sample(options: SampleOptions): Promise<Uint16Array> {
    const { rows, cols } = this.#axes;
    const state = new SamplerState(this.#card, this.#axes);
    const draw = new Draw(this.#card.latent.codes, options);
    const rerun = new Set(this.#card.prior.conditionRows);
    let condition: Float32Array = new Float32Array(0);
    for (let row = 0; row < rows; row++) {
      if (rerun.has(row)) condition = await this.#condition(options.classWeights, state);
      await this.#row(row, condition, state, draw, options);
      await options.onRow(row, state.codes.slice(row * cols, (row + 1) * cols));
    }
    return state.codes;
  }

  async #condition(classWeights: number[], state: SamplerState): Promise<Float32Array> {
    const { rows, cols } = this.#axes;
    const outputs = await this.#graphs.condition.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      codes: integers(state.codesSoFar(), [1, rows, cols]),
    });
    return read(outputs, 'condition');
  }

  async #row(
    row: number,
    condition: Float32Array,
    state: SamplerState,
    draw: Draw,
    { seed, given, onLogits }: SampleOptions,
  ): Promise<void> {
    const { cols } = this.#axes;
    const above = await this.#graphs.row.run(this.#rowFeeds(row, condition, state));
    const feeds = state.beginRow(row);
    const columns = this.#columns(above);
    for (let column = 0; column < cols; column++) {
      const cell = row * cols + column;
      const outputs = await this.#graphs.pixel.run({ ...feeds, ...columns[column] });
      const logits = read(outputs, 'logits');
      onLogits?.(cell, logits);
      const code = given?.[cell] ?? draw.code(logits, cellUniform(seed, cell));
      state.keep(column, code, {
        ...{ a1: read(outputs, 'a1'), a2: read(outputs, 'a2') },
        ...{ key: read(outputs, 'newKey'), value: read(outputs, 'newValue') },
      });
    }
  }

  #rowFeeds(row: number, condition: Float32Array, state: SamplerState): Feeds {
    const { cols } = this.#axes;
    const { layers, channels, kernel, conditionDim } = this.#card.prior;
    const reach = (kernel - 1) / 2;
    const wide = cols + 2 * reach;
    const activations = [layers, 1, wide, (kernel - 1) * channels];
    return {
      a1: floats(state.above1, activations),
      a2: floats(state.above2, activations),
      codes: integers(state.rowsAbove(row), [1, reach, wide]),
      condition: floats(condition.subarray(row * cols * conditionDim, (row + 1) * cols * conditionDim), [
        1,
        cols,
        conditionDim,
      ]),
      row: integers(BigInt64Array.of(BigInt(row)), [1]),
    };
  }

  /** The row graph's outputs cut into what each column's cell is fed. */
  #columns(outputs: Outputs): Feeds[] {
    const { layers, channels } = this.#card.prior;
    const parts: [string, number[]][] = [
      ['c1', [layers, 1, channels]],
      ['c2', [layers, 1, 2 * channels]],
      ['e0', [1, channels]],
      ['coords', [1, 2]],
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
