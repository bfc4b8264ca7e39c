import type { VoiceCard } from '../../cards/voice-card.ts';
import { cellUniform } from '../dsp/philox.ts';
import type { GridAxes } from './code-grid.ts';
import { guide, negativeWeights } from './guidance.ts';
import { type Branch, type Choose, type Followed, Prior, type PriorGraphs } from './prior.ts';
import {
  type Clip,
  clipsOf,
  type Drawing,
  isBeginning,
  placesOf,
  rank,
  type SampleOptions,
  sameConditions,
  sameWeights,
} from './sampled-clip.ts';
import { TokenSampler } from './token-sampler.ts';

/** Rows that are worth waiting for another clip to compute. */
const WORTH_SHARING = 2;
/** While somebody urgent is there, the others go on in every so many-th step only; fewer while that clip begins. */
const PATIENCE = { usual: 4, beginning: 16 };

/**
 * Samples the prior exactly. Clips are sampled together, each in a row of its own: one joins before any row and leaves
 * after its last. No bit of a clip depends on the others. A guided clip is two branches in two slots, which share the
 * codes that are drawn from both.
 */
export class Sampler {
  readonly #card: VoiceCard;
  readonly #axes: GridAxes;
  readonly #prior: Prior;
  /** Those of urgent clips first; in the order of the state's slots. */
  readonly #branches: Branch<Clip>[] = [];
  readonly #joining: Clip[] = [];
  #steps = 0;
  #running = false;
  /** Set while all that there is waits. */
  #wake: (() => void) | null = null;

  constructor(card: VoiceCard, axes: GridAxes, graphs: PriorGraphs) {
    this.#card = card;
    this.#axes = axes;
    this.#prior = new Prior(card, axes, graphs);
  }

  /** Returns the codes of all rows in raster order. */
  sample(options: SampleOptions): Promise<Uint16Array> {
    return new Promise((resolve, reject) => {
      this.#joining.push(this.#begin(options, resolve, reject));
      if (!this.#running) void this.#run();
      this.#wake?.();
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
      guidance,
      drawing: null,
      held: null,
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
      this.#steer();
      const active = this.#branches.slice(0, this.#active());
      if (active.length === 0) {
        await this.#pause();
        continue;
      }
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
    const urgent = this.#branches.filter((branch) => rank(branch) === 0).length;
    const patience = this.#branches.some(isBeginning) ? PATIENCE.beginning : PATIENCE.usual;
    if (urgent > 0 && this.#steps++ % patience !== 0) return urgent;
    return this.#branches.filter(({ clip }) => clip.held === null).length;
  }

  /** Until something joins, or need not wait any more. */
  async #pause(): Promise<void> {
    if (this.#joining.length + this.#branches.length === 0) return;
    if (this.#branches.some(({ clip }) => clip.held?.ready === true)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  /** Between two steps: lets those go on that waited, and takes what has changed of those that are steered. */
  #steer(): void {
    for (const clip of clipsOf(this.#branches)) {
      const { steering } = clip.options;
      if (steering === undefined) continue;
      if (clip.held?.ready === true) clip.held = null;
      if (clip.held !== null || clip.row < clip.prefix) continue;
      try {
        const drawing = steering.drawing();
        if (drawing === null) {
          this.#leave(clip);
          clip.resolve(clip.codes);
        } else if (drawing !== clip.drawing) this.#redraw(clip, drawing);
      } catch (error) {
        this.#leave(clip);
        clip.reject(error);
      }
    }
    this.#order();
  }

  #redraw(clip: Clip, drawing: Drawing): void {
    clip.drawing = drawing;
    clip.guidance = drawing.guidance;
    clip.tokens = new TokenSampler(this.#card.latent.codes, drawing);
    const [own, away] = [drawing.classWeights, negativeWeights(this.#card, drawing.avoid)];
    for (const [i, branch] of clip.branches.entries()) {
      const weights = i === 0 ? own : away;
      if (sameWeights(branch.classWeights, weights)) continue;
      branch.classWeights = weights;
      branch.condition = new Float32Array(0);
    }
  }

  #hold(clip: Clip): void {
    const waited = clip.row < clip.prefix ? null : (clip.options.steering?.wait() ?? null);
    if (waited === null) return;
    const held = { ready: false };
    clip.held = held;
    const goOn = (): void => {
      held.ready = true;
      this.#wake?.();
    };
    waited.then(goOn, goOn);
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
    // One that waits would keep the others waiting.
    if (leader.options.steering !== undefined || options.steering !== undefined) return 0;
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
    this.#order();
  }

  /** Those that take part in each step before those that stand back, and those that wait last. */
  #order(): void {
    for (let slot = 0; slot < this.#branches.length; slot++) {
      let first = slot;
      for (let other = slot + 1; other < this.#branches.length; other++)
        if (rank(this.#branches[other]!) < rank(this.#branches[first]!)) first = other;
      this.#swap(slot, first);
    }
  }

  #leave(clip: Clip): void {
    // One that ends before its time leaves them to compute the rest themselves.
    this.#joining.push(...clip.followers.splice(0).map(({ clip: follower }) => follower));
    for (const branch of clip.branches) {
      this.#swap(this.#branches.indexOf(branch), this.#branches.length - 1);
      this.#branches.pop();
      this.#prior.state.removeLast();
    }
    this.#order();
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
      if (clip.row < rows) {
        this.#hold(clip);
        return;
      }
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
    const plausible = this.#card.sampling?.guidance?.plausible;
    const chosen = new Uint16Array(branches.length);
    // Of those that stand back too: what they remember lies beside the others'.
    const furthest = Math.max(...this.#branches.map(({ clip: { row } }) => row));
    const given = placed.every(({ clip }) => clip.row < clip.prefix && clip.options.onLogits === undefined);
    const choosing: Choose = (place, logits) => {
      const of = (slot: number): Float32Array => logits.subarray(slot * codes, (slot + 1) * codes);
      for (const { clip, slots } of placed) {
        const [own, rest] = slots as [number, number?];
        if (rest !== undefined) guide(of(own), of(rest), clip.guidance, guided, plausible);
        const cell = clip.row * this.#axes.perRow + place;
        const { origin = 0 } = clip.options;
        const uniform = cellUniform(clip.options.seed, cell + origin * this.#axes.perRow);
        const code = choose(clip, cell, uniform, rest === undefined ? of(own) : guided);
        clip.codes[cell] = code;
        for (const slot of slots) chosen[slot] = code;
      }
      return chosen;
    };
    await this.#prior.row(branches, furthest, choosing, given);
  }
}

function prefixRows({ start }: SampleOptions, perRow: number): number {
  const first = start?.given.indexOf(0) ?? 0;
  return Math.floor((first < 0 ? start!.given.length : first) / perRow);
}

/** The clip's code of a cell. One whose logits are no numbers ends with its row; the others know nothing of it. */
function choose(clip: Clip, cell: number, uniform: number, logits: Float32Array): number {
  const { start, onLogits } = clip.options;
  if (clip.problem !== null) return 0;
  try {
    onLogits?.(cell, logits);
    return start?.given[cell] === 1 ? start.codes[cell]! : clip.tokens.code(logits, uniform);
  } catch (error) {
    clip.problem = { error };
    return 0;
  }
}
