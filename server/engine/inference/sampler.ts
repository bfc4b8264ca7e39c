import { cellUniform } from '../dsp/philox.ts';
import type { Card } from './card.ts';
import type { GridAxes } from './code-grid.ts';
import { guide, negativeWeights } from './guidance.ts';
import { type Branch, type Followed, Prior, type PriorGraphs } from './prior.ts';
import { TokenSampler, type TokenSamplerOptions } from './token-sampler.ts';

export interface SampleOptions extends TokenSamplerOptions {
  classWeights: readonly number[];
  /** How strongly codes are pushed towards the class; 0, which is off, without. */
  guidance?: number;
  /** Class weights they are pushed away from; without, no class in particular. */
  avoid?: readonly number[];
  followed?: Followed;
  /** Whether guidance leads away from a clip that follows nothing, and so strengthens what is followed. */
  guideFollowed?: boolean;
  seed: number;
  /** Others that are not urgent stand back while it is sampled. */
  urgent?: boolean;
  /** Raster order: where `given` is 1 the code is taken from here and not drawn. */
  start?: { codes: Uint16Array; given: Uint8Array };
  /** Sees the logits of every code, guided where it is, before the code is chosen; they are only lent. */
  onLogits?: (cell: number, logits: Float32Array) => void;
  /** After each row; what it returns is awaited, and a rejection ends the sampling. */
  onRow: (row: number, codes: Uint16Array) => Promise<void> | void;
}

/** A clip that is being sampled. */
interface Clip {
  readonly options: SampleOptions;
  readonly tokens: TokenSampler;
  readonly codes: Uint16Array;
  row: number;
  /** Its class's and, where it is guided, the one that it is led away from. */
  readonly branches: readonly Branch<Clip>[];
  /** Leading rows of which every code is given. */
  readonly prefix: number;
  /** Clips that say the same so far and wait for this one to come to where they part from it. */
  followers: { clip: Clip; from: number }[];
  /** Why it cannot go on. */
  problem: { error: unknown } | null;
  resolve: (codes: Uint16Array) => void;
  reject: (error: unknown) => void;
}

/** A clip, and where its branches are. */
interface Placed {
  clip: Clip;
  slots: number[];
}

/** Rows that are worth waiting for another clip to compute. */
const WORTH_SHARING = 2;
/** While somebody urgent is there, the others go on in every so many-th step only. */
const PATIENCE = 4;

/**
 * Samples the prior exactly. Clips are sampled together, each in a row of its own: one joins before any row and leaves
 * after its last. No bit of a clip depends on the others. A guided clip is two branches in two slots, which share the
 * codes that are drawn from both.
 */
export class Sampler {
  readonly #card: Card;
  readonly #axes: GridAxes;
  readonly #prior: Prior;
  /** Those of urgent clips first; in the order of the state's slots. */
  readonly #branches: Branch<Clip>[] = [];
  readonly #joining: Clip[] = [];
  #steps = 0;
  #running = false;

  constructor(card: Card, axes: GridAxes, graphs: PriorGraphs) {
    this.#card = card;
    this.#axes = axes;
    this.#prior = new Prior(card, axes, graphs);
  }

  /** Returns the codes of all rows in raster order. */
  sample(options: SampleOptions): Promise<Uint16Array> {
    return new Promise((resolve, reject) => {
      this.#joining.push(this.#begin(options, resolve, reject));
      if (!this.#running) void this.#run();
    });
  }

  #begin(options: SampleOptions, resolve: Clip['resolve'], reject: Clip['reject']): Clip {
    const { rows, perRow, absent } = this.#axes;
    const { classWeights, guidance = 0, avoid, followed = {}, guideFollowed = false } = options;
    const branches: Branch<Clip>[] = [];
    const clip: Clip = {
      options,
      resolve,
      reject,
      row: 0,
      problem: null,
      prefix: prefixRows(options, perRow),
      followers: [],
      branches,
      tokens: new TokenSampler(this.#card.latent.codes, options),
      codes: new Uint16Array(rows * perRow).fill(absent),
    };
    const add = (weights: readonly number[], follows: Followed): unknown =>
      branches.push({
        clip,
        classWeights: weights,
        followed: follows,
        condition: new Float32Array(0),
        conditionFrom: 0,
      });
    add(classWeights, followed);
    if (guidance > 0) add(negativeWeights(this.#card, avoid), guideFollowed ? {} : followed);
    return clip;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#joining.length + this.#branches.length > 0) {
      for (const clip of this.#joining.splice(0)) this.#join(clip);
      const active = this.#branches.slice(0, this.#active());
      const clips = clipsOf(active);
      try {
        await this.#step(active);
      } catch (error) {
        for (const clip of clips) clip.problem ??= { error };
      }
      for (const clip of clips) await this.#finishRow(clip);
    }
    this.#running = false;
  }

  /** How many of the branches take part in this step: all of them, or those of urgent clips alone. */
  #active(): number {
    const urgent = this.#urgent();
    return urgent === 0 || this.#steps++ % PATIENCE === 0 ? this.#branches.length : urgent;
  }

  #urgent(): number {
    const first = this.#branches.findIndex(({ clip: { options } }) => options.urgent !== true);
    return first < 0 ? this.#branches.length : first;
  }

  #join(clip: Clip): void {
    for (const leader of clipsOf(this.#branches)) {
      const from = this.#common(leader, clip);
      if (from <= leader.row) continue;
      leader.followers.push({ clip, from });
      return;
    }
    for (const branch of clip.branches) {
      this.#prior.state.add();
      this.#enter(branch);
    }
  }

  /** Rows at the beginning that are given to both and the same, so that one can compute them for the other. */
  #common(leader: Clip, { options, prefix, branches }: Clip): number {
    const most = Math.min(leader.prefix, prefix);
    if (most < WORTH_SHARING || leader.problem !== null || (options.urgent === true && leader.options.urgent !== true))
      return 0;
    if (leader.branches.length !== branches.length) return 0;
    if (!branches.every((branch, i) => sameConditions(branch, leader.branches[i]!))) return 0;
    const { rows, perRow } = this.#axes;
    const [one, other] = [leader.options.start!.codes, options.start!.codes];
    let cell = 0;
    while (cell < most * perRow && one[cell] === other[cell]) cell++;
    return Math.min(Math.floor(cell / perRow), rows - 1);
  }

  /** Those that part from a clip here go on from what it remembers. */
  async #part(leader: Clip): Promise<void> {
    const parting = leader.followers.filter(({ from }) => from === leader.row);
    if (parting.length === 0) return;
    leader.followers = leader.followers.filter(({ from }) => from > leader.row);
    const { perRow } = this.#axes;
    for (const { clip } of parting) {
      const { row } = leader;
      clip.row = row;
      clip.codes.set(leader.codes.subarray(0, row * perRow));
      for (const [i, branch] of clip.branches.entries()) {
        const from = leader.branches[i]!;
        branch.condition = from.condition;
        branch.conditionFrom = from.conditionFrom;
        this.#prior.state.addCopy(this.#branches.indexOf(from));
        this.#enter(branch);
      }
      try {
        for (let i = 0; i < row; i++) await clip.options.onRow(i, clip.codes.slice(i * perRow, (i + 1) * perRow));
      } catch (error) {
        this.#leave(clip);
        clip.reject(error);
      }
    }
  }

  /** Into the state's last slot, and from there to its place. */
  #enter(branch: Branch<Clip>): void {
    this.#branches.push(branch);
    if (branch.clip.options.urgent === true) this.#swap(this.#urgent(), this.#branches.length - 1);
  }

  #leave(clip: Clip): void {
    // One that ends before its time leaves them to compute the rest themselves.
    this.#joining.push(...clip.followers.splice(0).map(({ clip: follower }) => follower));
    for (const branch of clip.branches) {
      const urgent = this.#urgent();
      let slot = this.#branches.indexOf(branch);
      if (slot < urgent) {
        this.#swap(slot, urgent - 1);
        slot = urgent - 1;
      }
      this.#swap(slot, this.#branches.length - 1);
      this.#branches.pop();
      this.#prior.state.removeLast();
    }
  }

  #swap(one: number, other: number): void {
    if (one >= other) return;
    [this.#branches[one], this.#branches[other]] = [this.#branches[other]!, this.#branches[one]!];
    this.#prior.state.swap(one, other);
  }

  async #finishRow(clip: Clip): Promise<void> {
    const { rows, perRow } = this.#axes;
    try {
      if (clip.problem !== null) throw clip.problem.error;
      const row = clip.row++;
      await this.#part(clip);
      await clip.options.onRow(row, clip.codes.slice(row * perRow, (row + 1) * perRow));
      if (clip.row < rows) return;
      this.#leave(clip);
      clip.resolve(clip.codes);
    } catch (error) {
      this.#leave(clip);
      clip.reject(error);
    }
  }

  /** The next row of the clips of the first slots' branches. */
  async #step(branches: readonly Branch<Clip>[]): Promise<void> {
    const { codes } = this.#card.latent;
    const placed = placesOf(branches);
    const guided = new Float32Array(codes);
    const chosen = new Uint16Array(branches.length);
    // Of those that stand back too: what they remember lies beside the others'.
    const furthest = Math.max(...this.#branches.map(({ clip: { row } }) => row));
    await this.#prior.row(branches, furthest, (place, logits) => {
      const of = (slot: number): Float32Array => logits.subarray(slot * codes, (slot + 1) * codes);
      for (const { clip, slots } of placed) {
        const [own, rest] = slots as [number, number?];
        if (rest !== undefined) guide(of(own), of(rest), clip.options.guidance!, guided);
        const cell = clip.row * this.#axes.perRow + place;
        const code = choose(clip, cell, rest === undefined ? of(own) : guided);
        clip.codes[cell] = code;
        for (const slot of slots) chosen[slot] = code;
      }
      return chosen;
    });
  }
}

function sameConditions(one: Branch<Clip>, other: Branch<Clip>): boolean {
  return (
    one.classWeights.length === other.classWeights.length &&
    one.classWeights.every((weight, id) => weight === other.classWeights[id]) &&
    sameLevels(one.followed.contour, other.followed.contour) &&
    sameLevels(one.followed.spectrum, other.followed.spectrum)
  );
}

function sameLevels(one: Float32Array | undefined, other: Float32Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((level, i) => level === other[i]);
}

/** The clips of some branches, each once. */
function clipsOf(branches: readonly Branch<Clip>[]): Clip[] {
  return branches.filter((branch) => branch === branch.clip.branches[0]).map(({ clip }) => clip);
}

/** Clips with the slots of their branches. */
function placesOf(branches: readonly Branch<Clip>[]): Placed[] {
  const slots = new Map(branches.map((branch, slot) => [branch, slot]));
  return clipsOf(branches).map((clip) => ({ clip, slots: clip.branches.map((branch) => slots.get(branch)!) }));
}

function prefixRows({ start }: SampleOptions, perRow: number): number {
  const first = start?.given.indexOf(0) ?? 0;
  return Math.floor((first < 0 ? start!.given.length : first) / perRow);
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
