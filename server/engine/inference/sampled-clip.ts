import type { Conditioning } from '../../cards/conditioning.ts';
import type { Branch, Followed } from './prior.ts';
import type { TokenSampler, TokenSamplerOptions } from './token-sampler.ts';

/** What the codes of a row are drawn by. */
export interface Drawing extends TokenSamplerOptions, Omit<Conditioning, 'guideFollowed'> {
  readonly guidance: number;
}

/** A clip that is steered while it is sampled. */
export interface Steering {
  /** After each row: what the next one waits for, null to go on at once. Others go on meanwhile. */
  wait(): Promise<void> | null;
  /** Before each row that is not given: what it is drawn by; null ends the clip here. May be asked more than once. */
  drawing(): Drawing | null;
}

export interface SampleOptions extends TokenSamplerOptions, Conditioning {
  followed?: Followed;
  seed: number;
  /** Others that are not urgent stand back while it is sampled. */
  urgent?: boolean;
  /** Raster order: where `given` is 1 the code is taken from here and not drawn. */
  start?: { codes: Uint16Array; given: Uint8Array };
  /** The row of a longer grid, that is drawn by the same seed, which row 0 is. */
  origin?: number;
  steering?: Steering;
  /** Sees the logits of every code, guided where it is, before the code is chosen; they are only lent. */
  onLogits?: (cell: number, logits: Float32Array) => void;
  /** After each row; what it returns is awaited, and a rejection ends the sampling. */
  onRow: (row: number, codes: Uint16Array) => Promise<void> | void;
}

/** A clip that is being sampled. */
export interface Clip {
  readonly options: SampleOptions;
  tokens: TokenSampler;
  guidance: number;
  /** What it was last drawn by, where it is steered. */
  drawing: Drawing | null;
  /** Waits, while others go on; `ready` once it need not any more. */
  held: { ready: boolean } | null;
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
export interface Placed {
  clip: Clip;
  slots: number[];
}

/** Group of its slot: 0 urgent, 1 giving way to urgent clips, 2 waiting itself. */
export function rank({ clip: { options, held } }: Branch<Clip>): number {
  if (held !== null) return 2;
  return options.urgent === true ? 0 : 1;
}

/** Rows of an urgent clip that its first sound waits for, more or less. */
const BEGINNING = 8;

/** Whether its first audio is awaited. A stream waits once, for its first window. */
export function isBeginning(branch: Branch<Clip>): boolean {
  const { row, prefix, options } = branch.clip;
  return rank(branch) === 0 && row < prefix + BEGINNING && (options.origin ?? 0) === 0;
}

export function sameWeights(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((weight, id) => weight === other[id]);
}

export function sameConditions(one: Branch<Clip>, other: Branch<Clip>): boolean {
  return (
    sameWeights(one.classWeights, other.classWeights) &&
    sameLevels(one.followed.contour, other.followed.contour) &&
    sameLevels(one.followed.spectrum, other.followed.spectrum)
  );
}

function sameLevels(one: Float32Array | undefined, other: Float32Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((level, i) => level === other[i]);
}

/** The clips of some branches, each once. */
export function clipsOf(branches: readonly Branch<Clip>[]): Clip[] {
  return branches.filter((branch) => branch === branch.clip.branches[0]).map(({ clip }) => clip);
}

/** Clips with the slots of their branches. */
export function placesOf(branches: readonly Branch<Clip>[]): Placed[] {
  const slots = new Map(branches.map((branch, slot) => [branch, slot]));
  return clipsOf(branches).map((clip) => ({ clip, slots: clip.branches.map((branch) => slots.get(branch)!) }));
}
