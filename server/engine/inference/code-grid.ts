import type { Card } from './card.ts';

export type Axis = 'codebook' | 'frequency' | 'time';
export const axes: readonly Axis[] = ['codebook', 'frequency', 'time'];

/** Where the latent's codes lie on the grid that the prior fills, as the card says. */
export class GridAxes {
  readonly rows: number;
  readonly cols: number;
  readonly codebooks: number;
  readonly absent: number;
  /** Raster index of every latent code, latent order being codebook, frequency, time (last fastest). */
  readonly #place: Uint32Array;
  readonly #latentSize: number;
  readonly #times: number;

  constructor({ latent, grid }: Pick<Card, 'latent' | 'grid'>) {
    const size = { codebook: latent.codebooks, frequency: latent.frequency, time: latent.time };
    this.rows = grid.rows;
    this.cols = grid.cols;
    this.codebooks = latent.codebooks;
    this.absent = latent.codes;
    this.#times = latent.time;
    this.#latentSize = size.codebook * size.frequency * size.time;
    this.#place = new Uint32Array(this.#latentSize);
    const order = [...grid.rowAxes, ...grid.colAxes];
    const at = { codebook: 0, frequency: 0, time: 0 };
    let index = 0;
    for (at.codebook = 0; at.codebook < size.codebook; at.codebook++)
      for (at.frequency = 0; at.frequency < size.frequency; at.frequency++)
        for (at.time = 0; at.time < size.time; at.time++)
          this.#place[index++] = order.reduce((place, axis) => place * size[axis] + at[axis], 0);
  }

  /** Grid codes in raster order -> latent codes [codebook, frequency, time], those of codebooks from `known` on absent. */
  toLatent(codes: Uint16Array, known = this.codebooks): BigInt64Array {
    const latent = new BigInt64Array(this.#latentSize).fill(BigInt(this.absent));
    const end = (this.#latentSize / this.codebooks) * known;
    for (let i = 0; i < end; i++) latent[i] = BigInt(codes[this.#place[i]!]!);
    return latent;
  }

  /** Codes in latent order [codebook, frequency, time] -> grid codes in raster order. */
  fromLatent(latent: ArrayLike<number | bigint>): Uint16Array {
    const codes = new Uint16Array(this.rows * this.cols);
    for (let i = 0; i < this.#latentSize; i++) codes[this.#place[i]!] = Number(latent[i]);
    return codes;
  }

  /** The codebook of every cell, in raster order. */
  codebookOfCells(): Uint32Array {
    const each = this.#latentSize / this.codebooks;
    const out = new Uint32Array(this.rows * this.cols);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = Math.floor(i / each);
    return out;
  }

  /** The frequency band of every cell, in raster order. */
  frequencyOfCells(): Uint32Array {
    const bands = this.#latentSize / this.codebooks / this.#times;
    const out = new Uint32Array(this.rows * this.cols);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = Math.floor(i / this.#times) % bands;
    return out;
  }

  /** The place in time of every cell, in raster order, counted in latent frames. */
  timeOfCells(): Uint32Array {
    const out = new Uint32Array(this.rows * this.cols);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = i % this.#times;
    return out;
  }

  /** How many codebooks, from the first on, are complete once the rows up to and including `row` are. */
  completeAfter(row: number): number {
    const done = (row + 1) * this.cols;
    const each = this.#latentSize / this.codebooks;
    let known = 0;
    for (; known < this.codebooks; known++) {
      for (let i = known * each; i < (known + 1) * each; i++) if (this.#place[i]! >= done) return known;
    }
    return known;
  }

  /** Codebooks of the preview that is due after each row: a row that completes no further codebook is not in it. */
  previewRows(): Map<number, number> {
    const due = new Map<number, number>();
    let shown = 0;
    for (let row = 0; row < this.rows - 1; row++) {
      const known = this.completeAfter(row);
      if (known > shown) due.set(row, known);
      shown = known;
    }
    return due;
  }
}
