import type { GridAxes } from './code-grid.ts';

/** Buffer of the latest rows of an endless grid. */
export class EndlessRows {
  readonly #axes: GridAxes;
  /** The latest of them that are held. */
  readonly kept: number;
  readonly #rows = new Map<number, Uint16Array>();
  #known = 0;

  /** @param kept rows that can be taken back, beside those of a grid before them */
  constructor(axes: GridAxes, kept: number) {
    this.#axes = axes;
    this.kept = kept + axes.rows;
  }

  /** Rows that are drawn. */
  get known(): number {
    return this.#known;
  }

  add(codes: Uint16Array): void {
    this.#rows.set(this.#known++, codes);
    this.#rows.delete(this.#known - 1 - this.kept);
  }

  /** From this row on they are drawn again. */
  takeBack(row: number): void {
    while (this.#known > row) this.#rows.delete(--this.#known);
  }

  /** Rows from..to at the beginning of a grid of which nothing else is known. */
  grid(from: number, to: number): Uint16Array {
    const { rows, perRow, absent } = this.#axes;
    const out = new Uint16Array(rows * perRow).fill(absent);
    for (let row = from; row < to; row++) out.set(this.#rows.get(row)!, (row - from) * perRow);
    return out;
  }
}
