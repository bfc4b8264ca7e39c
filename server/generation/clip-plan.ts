import { type EventData, limits } from '../../protocol/index.ts';
import type { Shape } from '../audio/edit.ts';
import type { ClipEntry, Lineage } from '../clips/clip.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import type { Voice } from '../voices/voice.ts';
import { gridOf } from './code-grid.ts';
import { type Pieces, piecesOf, SINGLE_PIECE, type Start } from './continuation.ts';
import type { Stretch } from './stretch.ts';
import type { VoiceClass } from './voice-class.ts';

/** What a request says of its clips, beside the voice and the class. */
export type ClipArgs = Omit<
  Context<'foley.generate'>['args'],
  'class' | 'voice' | 'guidance' | 'guideFollowed' | 'avoid' | 'candidates'
>;

/** What is to be made: `takes` clips of one class by one voice, unless a take says otherwise. */
export interface ClipPlan extends VoiceClass {
  args: ClipArgs;
  /** Of the request, by performance.now(). */
  begun: number;
  /** Of clip 0. */
  seed: number;
  takes: Take[];
  /** That each clip is chosen from; 1 without. */
  candidates?: number;
  /** The id of a job that already has one. */
  job?: string;
  /** The job that it is a part of. */
  group?: string;
  /** The job that a restart takes up again, and the place of clip 0 in it: written with every saved clip. */
  origin?: { job: string; first: number };
  /** Clips that were made before a restart, by take. */
  made?: ReadonlyMap<number, MadeClip>;
  paused?: boolean;
  /** Only a stretch of a sound is made anew, and the clips are that sound with it. */
  stretch?: Stretch;
}

export interface Take {
  seed: number;
  /** What is known of each piece, as far as any is. With nothing left to draw its codes are rendered as they are. */
  starts?: Start[];
  /** Of each piece; those that follow from `seed` without. */
  seeds?: number[];
  lineage?: Lineage;
  /** Another voice than the plan's; only of clips as long as each voice makes them. */
  voiceClass?: VoiceClass;
}

export type MadeClip = Omit<EventData<'foley.generate', 'done'>['clips'][number], 'index'> & { seconds: number };

/** A clip of an earlier run, as `done` reports it. */
export function madeFrom({ id, seed, seconds, path }: ClipEntry): MadeClip {
  return { clip: id, seed: seed ?? 0, seconds, url: `/clips/${id}.wav`, path };
}

/** Seeds that count up, as many as are wanted. */
export function seedsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (seed + index) % (limits.seedMax + 1));
}

/** Of each take. */
export function voiceClassesOf(plan: ClipPlan): VoiceClass[] {
  return plan.takes.map((take) => take.voiceClass ?? plan);
}

/** What is done to a sound, without what is not done. */
export function shapeOf({ trim, length, exact, reverse, fadeIn, fadeOut, gain }: Pick<ClipArgs, keyof Shape>): Shape {
  const all = Object.entries({ trim, length, exact, reverse, fadeIn, fadeOut, gain });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== 0 && value !== false)) as Shape;
}

/** One piece, unless more must be made than a clip of the voice holds: what is left after trimming. */
export function piecesFor(
  { card, rate, samples }: Voice,
  { trim = 0, length = 0 }: Pick<ClipArgs, keyof Shape>,
): Pieces {
  const seconds = length === 0 ? 0 : trim + length;
  return seconds * rate <= samples ? SINGLE_PIECE : piecesOf(gridOf(card), seconds);
}
