import { isPlain } from '../audio/edit.ts';
import type { NewClip } from '../clips/clip.ts';
import type { JobOrder } from '../dispatch/scheduler.ts';
import type { Voice } from '../voices/voice.ts';
import { candidateSeed } from './candidates.ts';
import { type ClipArgs, type ClipPlan, piecesFor, shapeOf, type Take, voiceClassesOf } from './clip-plan.ts';
import { type Pieces, pieceOffset, pieceSeed, type Start, startOfNext } from './continuation.ts';
import { contourFrom, levelsOf } from './envelope.ts';
import { checkDensity, checkFollows } from './followed.ts';
import { spectrumLevels } from './spectrum.ts';
import { orderOf, type VoiceClass } from './voice-class.ts';

type Order = JobOrder['clips'][number];
export type Result = Parameters<JobOrder['onClip']>[1];

/** A piece of a clip with those before it. Only clips longer than the voice's have more than one. */
export interface Piece {
  take: number;
  before: readonly Result[];
  /** Of these and of the piece itself. */
  starts: readonly (Start | undefined)[];
  /** Of the clip that it is a piece of: the take's, or a candidate's. */
  seed: number;
}

/** What of a plan the engine makes: one order for each piece of each candidate. A later piece is added when the one before it is there. */
export class ClipPieces {
  readonly pieces: Pieces;
  /** Whether clips are handed over as the engine makes them. */
  readonly plain: boolean;
  /** In the order in which results come. */
  readonly orders: Order[];
  readonly #queue: Piece[];
  readonly #plan: ClipPlan;
  readonly #voiceClasses: readonly VoiceClass[];
  readonly #followed: ReturnType<typeof followedBy>;
  readonly #streams: boolean;

  constructor(plan: ClipPlan) {
    const { args, takes, candidates = 1, made } = plan;
    this.#plan = plan;
    this.#voiceClasses = voiceClassesOf(plan);
    this.pieces = piecesFor(plan.voice, args);
    this.plain = isPlain(shapeOf(args)) && this.pieces.count === 1 && plan.stretch === undefined;
    const { trim } = args;
    this.#followed = followedBy(this.#voiceClasses, { ...args, trim: plan.stretch?.begin ?? trim }, this.pieces);
    // Of several clips each is handed over whole, in turn.
    this.#streams = args.audio && takes.length === 1 && this.plain && candidates === 1;
    this.#queue = takes.flatMap(({ starts, seed }, take) =>
      made?.has(take)
        ? []
        : Array.from({ length: candidates }, (_, candidate) => {
            return { take, before: [], starts: [starts?.[0]], seed: candidateSeed(seed, candidate) };
          }),
    );
    this.orders = this.#queue.map((piece) => this.#order(piece));
  }

  at(index: number): Piece {
    return this.#queue[index]!;
  }

  /** The clip goes on from the end of its latest piece, as one more clip of the job. */
  goOn({ take, starts, seed }: Piece, results: readonly Result[]): void {
    const known = this.#plan.takes[take]!.starts?.[results.length];
    const start = startOfNext(this.pieces, results.at(-1)!.codes, known);
    const next = { take, before: results, starts: [...starts, start], seed };
    this.#queue.push(next);
    this.orders.push(this.#order(next));
  }

  #order({ take, starts, seed, before: { length: piece } }: Piece): Order {
    const { args, takes, candidates = 1 } = this.#plan;
    const voiceClass = this.#voiceClasses[take]!;
    return {
      ...orderOf(voiceClass),
      ...this.#followed(take, piece, seed),
      seed: seedOf({ ...takes[take]!, seed }, piece),
      rate: args.rate ?? voiceClass.voice.rate,
      temperature: args.temperature,
      topK: args.topK,
      topP: args.topP,
      // Of a longer clip only the beginning is heard before it is there.
      previews: args.previews && piece === 0 && candidates === 1,
      stream: this.#streams,
      // What is saved has the bits of its seed.
      ...(this.#streams && args.live === true && !args.save ? { live: true } : {}),
      ...startOf(starts.at(-1)),
    };
  }
}

/** What tells the engine what a piece of a take follows: of each kind nothing where nothing was asked for. */
function followedBy(
  voiceClasses: readonly VoiceClass[],
  { envelope, spectrum, density = 0, trim = 0 }: ClipArgs,
  pieces: Pieces,
): (take: number, piece: number, seed: number) => Pick<Order, 'contour' | 'spectrum' | 'density'> {
  for (const voiceClass of new Set(voiceClasses)) {
    if (envelope !== undefined) checkFollows(voiceClass.voice, orderOf(voiceClass), 'envelope');
    if (spectrum !== undefined) checkFollows(voiceClass.voice, orderOf(voiceClass), 'spectrum');
    checkDensity(voiceClass.voice, orderOf(voiceClass), { density, envelope });
  }
  // The same for every take and candidate by one voice: contours of each piece, one spectrum.
  const known = new Map<Voice, { contours: Float32Array[]; spectrum?: Float32Array }>();
  return (take, piece, seed) => {
    const { voice } = voiceClasses[take]!;
    const of = known.get(voice) ?? { contours: [] };
    known.set(voice, of);
    const told: Pick<Order, 'contour' | 'spectrum' | 'density'> = {};
    if (density > 0) {
      const frame = Math.round(pieceOffset(pieces, piece, voice.rate) / voice.card.mel.hop);
      told.density = { perSecond: density, seed, frame };
    }
    if (envelope !== undefined) {
      // What is trimmed lies before the envelope.
      const begin = pieceOffset(pieces, piece, voice.rate) / voice.rate - trim;
      of.contours[piece] ??= contourFrom(levelsOf(envelope, voice), voice, begin);
      told.contour = of.contours[piece];
    }
    if (spectrum !== undefined) {
      of.spectrum ??= spectrumLevels(spectrum, voice);
      told.spectrum = of.spectrum;
    }
    return told;
  };
}

function startOf(start: Start | undefined): Partial<Order> {
  if (start === undefined) return {};
  return start.given.includes(0) ? { start } : { codes: start.codes };
}

export function seedOf({ seed, seeds }: Pick<Take, 'seed' | 'seeds'>, piece: number): number {
  return seeds?.[piece] ?? pieceSeed(seed, piece);
}

/** Codes of all pieces, one after the other, and which of them were given. */
export function codesOf(results: readonly Result[], starts: Piece['starts']): Pick<NewClip, 'codes' | 'given'> {
  const each = results[0]!.codes.length;
  const codes = new Uint16Array(each * results.length);
  const given = new Uint8Array(codes.length);
  for (const [piece, result] of results.entries()) {
    codes.set(result.codes, piece * each);
    given.set(starts[piece]?.given ?? [], piece * each);
  }
  return { codes, ...(starts.some((start) => start !== undefined) ? { given } : {}) };
}
