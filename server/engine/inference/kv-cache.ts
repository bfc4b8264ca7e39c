import { kernelOf, type VoiceCard } from '../../cards/voice-card.ts';
import { type Feeds, floats, integers } from '../onnx/runtime.ts';
import type { GridAxes } from './code-grid.ts';

/** What the pixel graph gave for the cells of all slots. */
export interface CellOutputs {
  /** [M, layers, channels] each. */
  a1: Float32Array;
  a2: Float32Array;
  /** Keys and values [M, blocks, 2, heads, headDim]. */
  past: Float32Array;
}

/** Mask of a place that may not be seen: far below any score, and exp() of it is exactly 0. */
const HIDDEN = -1e4;
/** The past grows by so many places. A multiple of a vector's width: how many there are never changes a bit. */
const STEP = 128;

/**
 * What the sampler remembers of several clips, each in a slot: activations of the rows above and of the row's own left
 * neighbours, keys and values. Slots lie one behind the other, so that the first n are one tensor; arrays are lent to
 * the graphs without a copy and changed in place between runs.
 */
export class KvCache {
  readonly #prior: VoiceCard['prior'];
  readonly #axes: GridAxes;
  /** Rows above that convolutions see, and columns to each side. */
  readonly #rowsAbove: number;
  readonly #reach: number;
  readonly #wide: number;
  /** Floats of one slot. */
  readonly #size: { above: number; left: number; key: number; value: number };
  readonly #maxPlaces: number;
  #capacity = 0;
  #slots = 0;
  /** Places of the past, of all slots. */
  #places = 0;
  /** [slots, layers * channels, R, W + 2P], oldest row first, zeros outside the grid. */
  #above1 = new Float32Array(0);
  #above2 = new Float32Array(0);
  /** Of each block [slots, heads, headDim + 1, places], the last of a key's numbers being its mask. */
  #keys: Float32Array[] = [];
  /** Of each block [slots, heads, headDim, places]. */
  #values: Float32Array[] = [];
  /** [slots, P, codes of a cell]. */
  #left = new BigInt64Array(0);
  /** [slots, layers, P * channels], the farthest neighbour first. */
  #left1 = new Float32Array(0);
  #left2 = new Float32Array(0);
  #cells = new BigInt64Array(0);

  constructor({ prior }: Pick<VoiceCard, 'prior'>, axes: GridAxes) {
    const { layers, channels, heads, headDim, blocks } = prior;
    const kernel = kernelOf(prior);
    this.#prior = prior;
    this.#axes = axes;
    this.#rowsAbove = kernel.rows - 1;
    this.#reach = (kernel.cols - 1) / 2;
    this.#wide = axes.cols + 2 * this.#reach;
    this.#maxPlaces = roundUp(axes.rows * axes.cols);
    this.#size = {
      above: layers * channels * this.#rowsAbove * this.#wide,
      left: layers * this.#reach * channels,
      key: heads * (headDim + 1),
      value: heads * headDim,
    };
    this.#keys = Array.from({ length: blocks }, () => new Float32Array(0));
    this.#values = Array.from({ length: blocks }, () => new Float32Array(0));
    this.#reserve(2);
  }

  get slots(): number {
    return this.#slots;
  }

  /** A new last slot: nothing above, nothing past. */
  add(): void {
    if (this.#slots === this.#capacity) this.#reserve(2 * this.#capacity);
    const slot = this.#slots++;
    const { above } = this.#size;
    for (const data of [this.#above1, this.#above2]) data.fill(0, slot * above, (slot + 1) * above);
    this.#clearPast(slot, 0, this.#places);
  }

  /** Exchanges what two slots remember. */
  swap(one: number, other: number): void {
    if (one === other) return;
    const { above, key, value } = this.#size;
    for (const data of [this.#above1, this.#above2]) exchange(data, above, one, other);
    for (const data of this.#keys) exchange(data, key * this.#places, one, other);
    for (const data of this.#values) exchange(data, value * this.#places, one, other);
  }

  /** A new last slot that remembers what slot `from` does. Between rows only: left neighbours are not copied. */
  addCopy(from: number): void {
    this.add();
    const to = this.#slots - 1;
    const { above, key, value } = this.#size;
    for (const data of [this.#above1, this.#above2]) copy(data, above, from, to);
    for (const data of this.#keys) copy(data, key * this.#places, from, to);
    for (const data of this.#values) copy(data, value * this.#places, from, to);
  }

  removeLast(): void {
    this.#slots -= 1;
  }

  /** What the row graph takes of the first slots: activations of the rows above. */
  rowFeeds(slots: number): Feeds {
    const { layers, channels } = this.#prior;
    const dims = [slots, layers * channels, this.#rowsAbove, this.#wide];
    const part = (data: Float32Array) => floats(data.subarray(0, slots * this.#size.above), dims);
    return { a1: part(this.#above1), a2: part(this.#above2) };
  }

  /**
   * Begins a row in the first `slots` slots, whose past is to hold `cells` cells at most, and returns the feeds that
   * all its columns share. A lone slot has nobody beside it: products of one row would round in another way.
   */
  beginRow(slots: number, cells: number): Feeds {
    const { layers, channels, heads, headDim } = this.#prior;
    const { above, left } = this.#size;
    const reach = this.#reach;
    const { depth } = this.#axes;
    this.#spread(roundUp(cells));
    // The oldest row above goes. The arrays move as one; what comes to lie in a newest row's place is a neighbour's, but
    // all cells of that row are written before the row graph looks, and outside the grid every row is zero.
    for (const data of [this.#above1, this.#above2]) data.copyWithin(0, this.#wide, slots * above);
    this.#left.fill(BigInt(this.#axes.absent));
    this.#left1.fill(0);
    this.#left2.fill(0);
    const several = Math.max(slots, 2);
    const feeds: Feeds = {
      cell: integers(this.#cells.subarray(0, several), [several]),
      left: integers(
        this.#left.subarray(0, several * reach * depth),
        depth === 1 ? [several, reach] : [several, reach, depth],
      ),
      l1: floats(this.#left1.subarray(0, several * left), [several, layers, reach * channels]),
      l2: floats(this.#left2.subarray(0, several * left), [several, layers, reach * channels]),
      attend: integers(
        BigInt64Array.from({ length: slots }, (_, slot) => BigInt(slot)),
        [slots],
      ),
      attended: integers(
        BigInt64Array.from({ length: several }, (_, slot) => BigInt(slot % slots)),
        [several],
      ),
    };
    const places = this.#places;
    for (const [block, data] of this.#keys.entries()) {
      const dims = [slots, heads, headDim + 1, places];
      feeds[`key${block}`] = floats(data.subarray(0, slots * this.#size.key * places), dims);
    }
    for (const [block, data] of this.#values.entries()) {
      const dims = [slots, heads, headDim, places];
      feeds[`value${block}`] = floats(data.subarray(0, slots * this.#size.value * places), dims);
    }
    return feeds;
  }

  /** The raster index of the cell each of the first slots is at. */
  setCells(cells: number[]): void {
    for (const [slot, cell] of cells.entries()) this.#cells[slot] = BigInt(cell);
    if (cells.length === 1) this.#cells[1] = this.#cells[0]!;
  }

  /** Moves the left neighbours of all slots; then `keep` puts each slot's newest in its place. */
  beginKeep(slots: number): void {
    const { depth } = this.#axes;
    this.#left.copyWithin(0, depth, slots * this.#reach * depth);
    for (const data of [this.#left1, this.#left2]) data.copyWithin(0, this.#prior.channels, slots * this.#size.left);
  }

  /** `codes` of the cell, as many as one has. */
  keep(slot: number, cell: number, codes: Uint16Array, outputs: CellOutputs): void {
    const { cols, depth } = this.#axes;
    const column = cell % cols;
    const newest = ((slot + 1) * this.#reach - 1) * depth;
    for (let level = 0; level < depth; level++) this.#left[newest + level] = BigInt(codes[level]!);
    this.#push(slot, this.#left1, outputs.a1);
    this.#push(slot, this.#left2, outputs.a2);
    this.#place(slot, column, this.#above1, outputs.a1);
    this.#place(slot, column, this.#above2, outputs.a2);
    this.#remember(slot, cell, outputs.past);
  }

  #push(slot: number, left: Float32Array, activations: Float32Array): void {
    const { layers, channels } = this.#prior;
    const span = this.#reach * channels;
    for (let layer = slot * layers, from = layer * channels; layer < (slot + 1) * layers; layer++) {
      const to = (layer + 1) * span - channels;
      // A plain loop: for a few hundred numbers, some thousand times a row, views would cost more than what they copy.
      for (let i = 0; i < channels; i++) left[to + i] = activations[from++]!;
    }
  }

  #place(slot: number, column: number, above: Float32Array, activations: Float32Array): void {
    const { layers, channels } = this.#prior;
    const span = this.#rowsAbove * this.#wide;
    let to = slot * this.#size.above + span - this.#wide + this.#reach + column;
    const from = slot * layers * channels;
    for (let i = 0; i < layers * channels; i++, to += span) above[to] = activations[from + i]!;
  }

  #remember(slot: number, cell: number, past: Float32Array): void {
    const { heads, headDim, blocks } = this.#prior;
    const places = this.#places;
    let from = slot * blocks * 2 * heads * headDim;
    for (let block = 0; block < blocks; block++) {
      const keys = this.#keys[block]!;
      const values = this.#values[block]!;
      let to = slot * this.#size.key * places + cell;
      for (let head = 0; head < heads; head++, to += places) {
        for (let i = 0; i < headDim; i++, to += places) keys[to] = past[from++]!;
        keys[to] = 0;
      }
      to = slot * this.#size.value * places + cell;
      for (let i = 0; i < heads * headDim; i++, to += places) values[to] = past[from++]!;
    }
  }

  /** Hides the places of a slot. */
  #clearPast(slot: number, from: number, to: number): void {
    const mask = this.#prior.headDim;
    const places = this.#places;
    const fill = (data: Float32Array, lines: number, value: (line: number) => number): void => {
      for (let line = 0; line < lines; line++) {
        const begin = (slot * lines + line) * places;
        data.fill(value(line), begin + from, begin + to);
      }
    };
    for (const data of this.#values) fill(data, this.#size.value, () => 0);
    for (const data of this.#keys) fill(data, this.#size.key, (line) => (line % (mask + 1) === mask ? HIDDEN : 0));
  }

  /** Gives every slot so many places; new ones are hidden, and those that go hold nothing. */
  #spread(places: number): void {
    const before = this.#places;
    if (places === before) return;
    for (const data of this.#keys) restride(data, this.#slots * this.#size.key, before, places);
    for (const data of this.#values) restride(data, this.#slots * this.#size.value, before, places);
    this.#places = places;
    if (places > before) for (let slot = 0; slot < this.#slots; slot++) this.#clearPast(slot, before, places);
  }

  #reserve(capacity: number): void {
    const { above, left, key, value } = this.#size;
    const grown = (data: Float32Array, each: number): Float32Array<ArrayBuffer> => {
      const out = new Float32Array(capacity * each);
      out.set(data);
      return out;
    };
    this.#above1 = grown(this.#above1, above);
    this.#above2 = grown(this.#above2, above);
    this.#keys = this.#keys.map((data) => grown(data, key * this.#maxPlaces));
    this.#values = this.#values.map((data) => grown(data, value * this.#maxPlaces));
    this.#left1 = new Float32Array(capacity * left);
    this.#left2 = new Float32Array(capacity * left);
    this.#left = new BigInt64Array(capacity * this.#reach * this.#axes.depth);
    this.#cells = new BigInt64Array(capacity);
    this.#capacity = capacity;
  }
}

function roundUp(places: number): number {
  return Math.ceil(places / STEP) * STEP;
}

/** In place, `count` lines of `before` numbers -> as many of `now`: cut, or with room at their end. */
function restride(data: Float32Array, count: number, before: number, now: number): void {
  if (now < before)
    for (let line = 1; line < count; line++) data.copyWithin(line * now, line * before, line * before + now);
  else for (let line = count - 1; line > 0; line--) data.copyWithin(line * now, line * before, (line + 1) * before);
}

function copy(data: Float32Array, size: number, from: number, to: number): void {
  data.copyWithin(to * size, from * size, (from + 1) * size);
}

/** Exchanges two pieces of `size` numbers. */
function exchange(data: Float32Array, size: number, one: number, other: number): void {
  const kept = data.slice(one * size, (one + 1) * size);
  data.copyWithin(one * size, other * size, (other + 1) * size);
  data.set(kept, other * size);
}
