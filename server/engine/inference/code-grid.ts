/** Between the grid that the prior fills, row by row, and the latent that the decoder reads. */
import { type GridShape, type LatentShape, productOf, sizesOf } from '../../cards/grid.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';

/** Which of a latent's codes are wanted; without, all of them. */
export interface PartOfLatent {
  /** The first so many codebooks; codes of the others are absent. */
  codebooks?: number | undefined;
  /** The first so many places in time; codes of later ones are absent. */
  times?: number | undefined;
  /** Places in time that the latent has. */
  begin?: number;
  end?: number;
}

/** Where the latent's codes lie on the grid that the prior fills, as the card says. */
export class GridAxes {
  readonly rows: number;
  /** Cells of a row. */
  readonly cols: number;
  /** Codes of a cell, named one after the other. */
  readonly depth: number;
  /** Codes of a row. */
  readonly perRow: number;
  readonly codebooks: number;
  readonly absent: number;
  /** Raster index (row, cell, code) of every latent code, latent order being codebook, frequency, time (last fastest). */
  readonly #place: Uint32Array;
  readonly #latentSize: number;
  readonly #times: number;

  constructor({ latent, grid }: { latent: LatentShape & Pick<VoiceCard['latent'], 'codes'>; grid: GridShape }) {
    const size = sizesOf(latent);
    const { depthAxes = [] } = grid;
    this.rows = grid.rows;
    this.cols = grid.cols;
    this.depth = productOf(latent, depthAxes);
    this.perRow = this.cols * this.depth;
    this.codebooks = latent.codebooks;
    this.absent = latent.codes;
    this.#times = latent.time;
    this.#latentSize = size.codebook * size.frequency * size.time;
    this.#place = new Uint32Array(this.#latentSize);
    const order = [...grid.rowAxes, ...grid.colAxes, ...depthAxes];
    const at = { codebook: 0, frequency: 0, time: 0 };
    let index = 0;
    for (at.codebook = 0; at.codebook < size.codebook; at.codebook++)
      for (at.frequency = 0; at.frequency < size.frequency; at.frequency++)
        for (at.time = 0; at.time < size.time; at.time++)
          this.#place[index++] = order.reduce((place, axis) => place * size[axis] + at[axis], 0);
  }

  /** Grid codes in raster order -> latent codes [codebook, frequency, time]. */
  toLatent(codes: Uint16Array, part: PartOfLatent = {}): BigInt64Array {
    const { codebooks = this.codebooks, times = this.#times, begin = 0, end = this.#times } = part;
    const wide = end - begin;
    const latent = new BigInt64Array((this.#latentSize / this.#times) * wide).fill(BigInt(this.absent));
    const most = (latent.length / this.codebooks) * codebooks;
    const last = Math.min(times, end);
    for (let line = 0; line * wide < most; line++)
      for (let time = begin; time < last; time++)
        latent[line * wide + time - begin] = BigInt(codes[this.#place[line * this.#times + time]!]!);
    return latent;
  }

  /** Codes in latent order [codebook, frequency, time] -> grid codes in raster order. */
  fromLatent(latent: ArrayLike<number | bigint>): Uint16Array {
    const codes = new Uint16Array(this.rows * this.perRow);
    for (let i = 0; i < this.#latentSize; i++) codes[this.#place[i]!] = Number(latent[i]);
    return codes;
  }

  /** The codebook of every code, in raster order. */
  codebookOfCodes(): Uint32Array {
    const each = this.#latentSize / this.codebooks;
    const out = new Uint32Array(this.rows * this.perRow);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = Math.floor(i / each);
    return out;
  }

  /** The frequency band of every code, in raster order. */
  frequencyOfCodes(): Uint32Array {
    const bands = this.#latentSize / this.codebooks / this.#times;
    const out = new Uint32Array(this.rows * this.perRow);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = Math.floor(i / this.#times) % bands;
    return out;
  }

  /** The place in time of every code, in raster order, counted in latent frames. */
  timeOfCodes(): Uint32Array {
    const out = new Uint32Array(this.rows * this.perRow);
    for (let i = 0; i < this.#latentSize; i++) out[this.#place[i]!] = i % this.#times;
    return out;
  }

  /** How many codebooks, from the first on, are complete once the rows up to and including `row` are. */
  completeAfter(row: number): number {
    const done = (row + 1) * this.perRow;
    const each = this.#latentSize / this.codebooks;
    let known = 0;
    for (; known < this.codebooks; known++) {
      for (let i = known * each; i < (known + 1) * each; i++) if (this.#place[i]! >= done) return known;
    }
    return known;
  }

  /** Places in time, from the first on, of which every code is known once the rows up to and including `row` are. */
  timesAfter(row: number): number {
    const done = (row + 1) * this.perRow;
    let known = this.#times;
    for (let i = 0; i < this.#latentSize; i++) if (this.#place[i]! >= done) known = Math.min(known, i % this.#times);
    return known;
  }

  /** Places in time that the preview after each row holds: a quarter, a half and three, where rows go along time. */
  timePreviewRows(): Map<number, number> {
    const due = new Map<number, number>();
    let shown = 0;
    for (let row = 0; row < this.rows - 1; row++) {
      const known = this.timesAfter(row);
      const quarters = Math.floor((4 * known) / this.#times);
      if (quarters > shown) due.set(row, known);
      shown = Math.max(shown, quarters);
    }
    return due;
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

/** Whether each row is one step of time, by the place in time of every code. */
export function isTimeMajor({ perRow, timeOf }: { perRow: number; timeOf: Uint32Array }): boolean {
  return timeOf.every((time, code) => time === Math.floor(code / perRow));
}
