import { cellUniform } from '../dsp/philox.ts';
import { type Feeds, floats, type Graph, integers, type Outputs, read } from '../onnx/runtime.ts';
import type { Card } from './card.ts';
import type { GridAxes } from './code-grid.ts';
import { KvCache } from './kv-cache.ts';
import { TokenSampler, type TokenSamplerOptions } from './token-sampler.ts';

export interface SampleOptions extends TokenSamplerOptions {
  classWeights: number[];
  seed: number;
  /** Others that are not urgent stand back while it is sampled. */
  urgent?: boolean;
  /** Raster order: where `given` is 1 the code is taken from here and not drawn. */
  start?: { codes: Uint16Array; given: Uint8Array };
  /** Sees the logits of every cell before its code is chosen; they are only lent. */
  onLogits?: (cell: number, logits: Float32Array) => void;
  /** After each row; what it returns is awaited, and a rejection ends the sampling. */
  onRow: (row: number, codes: Uint16Array) => Promise<void> | void;
}

/** A clip that is being sampled. Its place among the others is its slot of the state. */
interface Clip {
  readonly options: SampleOptions;
  readonly tokens: TokenSampler;
  readonly codes: Uint16Array;
  row: number;
  /** Of the rows from `conditionFrom` on [rows, columns, conditionDim], by the codebooks that are finished. */
  condition: Float32Array;
  conditionFrom: number;
  /** Leading rows of which every code is given. */
  readonly prefix: number;
  /** Clips that say the same so far and wait for this one to come to where they part from it. */
  followers: { clip: Clip; from: number }[];
  /** Why it cannot go on. */
  problem: { error: unknown } | null;
  resolve: (codes: Uint16Array) => void;
  reject: (error: unknown) => void;
}

/** Rows that are worth waiting for another clip to compute. */
const WORTH_SHARING = 2;
/** While somebody urgent is there, the others go on in every so many-th step only. */
const PATIENCE = 4;

/**
 * The prior, sampled exactly: the row graph computes for a whole row what finished rows contribute, the pixel graph
 * adds what the row's own finished cells do. Clips are sampled together, each in a row of its own: one joins before any
 * row and leaves after its last. No bit of a clip depends on the others (see the trainer's export_pixel.py).
 */
export class Sampler {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #graphs: { condition: Graph; row: Graph; pixel: Graph };
  readonly #state: KvCache;
  /** Urgent ones first; in the order of the state's slots. */
  readonly #clips: Clip[] = [];
  readonly #joining: Clip[] = [];
  #steps = 0;
  #running = false;

  constructor(card: Card, axes: GridAxes, graphs: { condition: Graph; row: Graph; pixel: Graph }) {
    this.#card = card;
    this.#axes = axes;
    this.#graphs = graphs;
    this.#state = new KvCache(card, axes);
  }

  /** Returns rows x columns codes in raster order. */
  sample(options: SampleOptions): Promise<Uint16Array> {
    const { rows, cols, absent } = this.#axes;
    return new Promise((resolve, reject) => {
      this.#joining.push({
        ...{ options, resolve, reject, row: 0, problem: null, condition: new Float32Array(0), conditionFrom: 0 },
        ...{ prefix: prefixRows(options, cols), followers: [] },
        tokens: new TokenSampler(this.#card.latent.codes, options),
        codes: new Uint16Array(rows * cols).fill(absent),
      });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#joining.length + this.#clips.length > 0) {
      for (const clip of this.#joining.splice(0)) this.#join(clip);
      const active = this.#clips.slice(0, this.#active());
      try {
        await this.#step(active);
      } catch (error) {
        for (const clip of active) clip.problem ??= { error };
      }
      for (const clip of active) await this.#finishRow(clip);
    }
    this.#running = false;
  }

  /** How many of the clips take part in this step: all of them, or the urgent ones alone. */
  #active(): number {
    const urgent = this.#urgent();
    return urgent === 0 || this.#steps++ % PATIENCE === 0 ? this.#clips.length : urgent;
  }

  #urgent(): number {
    const first = this.#clips.findIndex(({ options }) => options.urgent !== true);
    return first < 0 ? this.#clips.length : first;
  }

  #join(clip: Clip): void {
    for (const leader of this.#clips) {
      const from = this.#common(leader, clip);
      if (from <= leader.row) continue;
      leader.followers.push({ clip, from });
      return;
    }
    this.#state.add();
    this.#enter(clip);
  }

  /** Rows at the beginning that are given to both and the same, so that one can compute them for the other. */
  #common(leader: Clip, { options, prefix }: Clip): number {
    const most = Math.min(leader.prefix, prefix);
    if (most < WORTH_SHARING || leader.problem !== null || (options.urgent === true && leader.options.urgent !== true))
      return 0;
    if (leader.options.classWeights.some((weight, i) => weight !== options.classWeights[i])) return 0;
    const { rows, cols } = this.#axes;
    const [one, other] = [leader.options.start!.codes, options.start!.codes];
    let cell = 0;
    while (cell < most * cols && one[cell] === other[cell]) cell++;
    return Math.min(Math.floor(cell / cols), rows - 1);
  }

  /** Those that part from a clip here go on from what it remembers. */
  async #part(leader: Clip): Promise<void> {
    const parting = leader.followers.filter(({ from }) => from === leader.row);
    if (parting.length === 0) return;
    leader.followers = leader.followers.filter(({ from }) => from > leader.row);
    const { cols } = this.#axes;
    for (const { clip } of parting) {
      const { row, condition, conditionFrom } = leader;
      Object.assign(clip, { row, condition, conditionFrom });
      clip.codes.set(leader.codes.subarray(0, row * cols));
      this.#state.addCopy(this.#clips.indexOf(leader));
      this.#enter(clip);
      try {
        for (let i = 0; i < row; i++) await clip.options.onRow(i, clip.codes.slice(i * cols, (i + 1) * cols));
      } catch (error) {
        this.#leave(clip);
        clip.reject(error);
      }
    }
  }

  /** Into the state's last slot, and from there to its place. */
  #enter(clip: Clip): void {
    this.#clips.push(clip);
    if (clip.options.urgent === true) this.#swap(this.#urgent(), this.#clips.length - 1);
  }

  #leave(clip: Clip): void {
    // One that ends before its time leaves them to compute the rest themselves.
    this.#joining.push(...clip.followers.splice(0).map(({ clip: follower }) => follower));
    const urgent = this.#urgent();
    let slot = this.#clips.indexOf(clip);
    if (slot < urgent) {
      this.#swap(slot, urgent - 1);
      slot = urgent - 1;
    }
    this.#swap(slot, this.#clips.length - 1);
    this.#clips.pop();
    this.#state.removeLast();
  }

  #swap(one: number, other: number): void {
    if (one >= other) return;
    [this.#clips[one], this.#clips[other]] = [this.#clips[other]!, this.#clips[one]!];
    this.#state.swap(one, other);
  }

  async #finishRow(clip: Clip): Promise<void> {
    const { rows, cols } = this.#axes;
    try {
      if (clip.problem !== null) throw clip.problem.error;
      const row = clip.row++;
      await this.#part(clip);
      await clip.options.onRow(row, clip.codes.slice(row * cols, (row + 1) * cols));
      if (clip.row < rows) return;
      this.#leave(clip);
      clip.resolve(clip.codes);
    } catch (error) {
      this.#leave(clip);
      clip.reject(error);
    }
  }

  /** The next row of each of these clips. */
  async #step(clips: Clip[]): Promise<void> {
    const { cols } = this.#axes;
    // One at a time: it is once in ten rows, and its bits would depend on how many there are.
    for (const clip of clips) await this.#renew(clip);
    const above = await this.#graphs.row.run(this.#rowFeeds(clips));
    // Of those that stand back too: what they remember lies beside the others'.
    const furthest = Math.max(...this.#clips.map(({ row }) => row));
    const feeds = this.#state.beginRow(clips.length, (furthest + 1) * cols);
    const columns = this.#columns(above, clips.length);
    for (const column of columns.keys()) {
      const cells = clips.map(({ row }) => row * cols + column);
      this.#state.setCells(cells);
      const outputs = await this.#graphs.pixel.run({ ...feeds, ...columns[column] });
      this.#choose(clips, cells, outputs);
    }
  }

  #choose(clips: Clip[], cells: number[], outputs: Outputs): void {
    const { codes } = this.#card.latent;
    const logits = read(outputs, 'logits');
    const kept = { a1: read(outputs, 'a1'), a2: read(outputs, 'a2'), past: read(outputs, 'past') };
    this.#state.beginKeep(clips.length);
    for (const [slot, clip] of clips.entries()) {
      const cell = cells[slot]!;
      const code = choose(clip, cell, logits.subarray(slot * codes, (slot + 1) * codes));
      clip.codes[cell] = code;
      this.#state.keep(slot, cell, code, kept);
    }
  }

  /** Before the first row of each codebook: what the codebooks before it say. */
  async #renew(clip: Clip): Promise<void> {
    const { rows, cols } = this.#axes;
    const part = this.#card.prior.conditionRows.indexOf(clip.row);
    if (part < 0) return;
    const { classWeights } = clip.options;
    const outputs = await this.#graphs.condition.run({
      class: floats(Float32Array.from(classWeights), [1, classWeights.length]),
      codes: integers(BigInt64Array.from(clip.codes, BigInt), [1, rows, cols]),
      part: integers(BigInt64Array.of(BigInt(part)), [1]),
    });
    clip.condition = read(outputs, 'condition');
    clip.conditionFrom = clip.row;
  }

  #rowFeeds(clips: Clip[]): Feeds {
    const { cols } = this.#axes;
    const { kernel, conditionDim } = this.#card.prior;
    const reach = (kernel - 1) / 2;
    const wide = cols + 2 * reach;
    const codes = new BigInt64Array(clips.length * reach * wide).fill(BigInt(this.#axes.absent));
    const condition = new Float32Array(clips.length * cols * conditionDim);
    for (const [slot, clip] of clips.entries()) {
      this.#rowsAbove(clip, codes.subarray(slot * reach * wide, (slot + 1) * reach * wide));
      const each = cols * conditionDim;
      const at = clip.row - clip.conditionFrom;
      condition.set(clip.condition.subarray(at * each, (at + 1) * each), slot * each);
    }
    return {
      ...this.#state.rowFeeds(clips.length),
      codes: integers(codes, [clips.length, reach, wide]),
      condition: floats(condition, [clips.length, cols, conditionDim]),
      row: integers(
        BigInt64Array.from(clips, ({ row }) => BigInt(row)),
        [clips.length],
      ),
    };
  }

  /** Codes of the P rows above the clip's row, with P absent columns on both sides: [P, W + 2P]. */
  #rowsAbove({ row, codes }: Clip, out: BigInt64Array): void {
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
  #columns(outputs: Outputs, clips: number): Feeds[] {
    const { layers, channels } = this.#card.prior;
    const parts: [string, number[]][] = [
      ['c1', [clips, layers, channels]],
      ['c2', [clips, layers, 2 * channels]],
      ['e0', [clips, channels]],
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

function prefixRows({ start }: SampleOptions, cols: number): number {
  const first = start?.given.indexOf(0) ?? 0;
  return Math.floor((first < 0 ? start!.given.length : first) / cols);
}

/** The clip's code of a cell. One whose logits are no numbers ends with its row; the others know nothing of it. */
function choose(clip: Clip, cell: number, logits: Float32Array): number {
  const { seed, start, onLogits } = clip.options;
  if (clip.problem !== null) return 0;
  try {
    onLogits?.(cell, logits);
    return start?.given[cell] === 1 ? start.codes[cell]! : clip.tokens.code(logits, cellUniform(seed, cell));
  } catch (error) {
    clip.problem = { error };
    return 0;
  }
}
