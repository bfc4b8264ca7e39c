import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EventData, encodePcm, limits } from '../../protocol/index.ts';
import { isPlain, type Shape, shapeSound } from '../audio/edit.ts';
import type { ClipEntry, ClipRecipe, Clips, Lineage, NewClip } from '../clips/clip.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import type { JobEvent, JobEventBus } from '../dispatch/job-events.ts';
import type { JobJournal } from '../dispatch/job-journal.ts';
import type { JobOrder, Scheduler } from '../dispatch/scheduler.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import { Chooser, type ClipRanker, candidateSeed } from './candidates.ts';
import { gridOf } from './code-grid.ts';
import {
  joinPieces,
  type Pieces,
  pieceOffset,
  pieceSeed,
  piecesOf,
  SINGLE_PIECE,
  type Start,
  startOfNext,
} from './continuation.ts';
import type { DetachedJobs } from './detached-jobs.ts';
import { contourFrom, levelsOf, spelledOut } from './envelope.ts';
import { checkFollows } from './followed.ts';
import type { PartialClips } from './partial-clips.ts';
import { recordOf } from './plan-record.ts';
import { spectrumLevels, spelledOutSpectrum } from './spectrum.ts';
import { orderOf, understoodOf, type VoiceClass } from './voice-class.ts';

export interface GenerationDeps {
  scheduler: Scheduler;
  ranker: ClipRanker;
  catalog: Catalog;
  clips: Clips;
  bus: JobEventBus;
  partials: PartialClips;
  detached: DetachedJobs;
  /** Null in a process that makes one clip and leaves. */
  journal: JobJournal | null;
}

/** `foley.vary` and `foley.branch` tell the same. */
export type GenerationContext = Pick<Context<'foley.generate'>, 'session' | 'signal' | 'setJob' | 'emit'>;
type Args = Omit<
  Context<'foley.generate'>['args'],
  'class' | 'voice' | 'guidance' | 'guideFollowed' | 'avoid' | 'candidates'
>;
type Done = EventData<'foley.generate', 'done'>;
type Result = Parameters<JobOrder['onClip']>[1];

/** What is to be made: `takes` clips of one class by one voice, unless a take says otherwise. */
export interface ClipPlan extends VoiceClass {
  args: Args;
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
}

export type MadeClip = Omit<Done['clips'][number], 'index'> & { seconds: number };

/** A clip of an earlier run as `done` tells it. */
export function madeFrom({ id, seed, seconds, path }: ClipEntry): MadeClip {
  return { clip: id, seed: seed ?? 0, seconds, url: `/clips/${id}.wav`, path };
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

/** A piece on its way, with those before it: of a clip that is no longer than the voice's there is only one. */
interface Piece {
  take: number;
  before: readonly Result[];
  /** Of these and of the piece itself. */
  starts: readonly (Start | undefined)[];
  /** Of the clip that it is a piece of: the take's, or a candidate's. */
  seed: number;
}

/** Seeds that count up, as many as are wanted. */
export function seedsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (seed + index) % (limits.seedMax + 1));
}

/** Names and weights of what a clip shall sound like. */
function weightsOf({ chosen: { label } }: VoiceClass): Record<string, number> {
  if (typeof label === 'string') return { [label]: 1 };
  return label;
}

/** Queues one job of some clips, tells what happens to it, and hands each over: shaped, sent, saved. */
export async function generateClips(deps: GenerationDeps, context: GenerationContext, asked: ClipPlan): Promise<Done> {
  const plan = await spelled(deps, asked);
  if (plan.args.keep) return deps.detached.keep(context, (kept) => recorded(deps, kept, plan), audioBytes(plan));
  return run(deps, context, plan);
}

async function spelled({ clips }: GenerationDeps, plan: ClipPlan): Promise<ClipPlan> {
  const { envelope, spectrum } = plan.args;
  const args = { ...plan.args };
  if (envelope !== undefined) args.envelope = await spelledOut(envelope, plan.voice, clips);
  if (spectrum !== undefined) args.spectrum = await spelledOutSpectrum(spectrum, plan.voice, clips);
  return { ...plan, args };
}

/** A job that a restart does not end: it is on the disk before anybody is told that it was accepted. */
async function recorded(deps: GenerationDeps, context: GenerationContext, plan: ClipPlan): Promise<Done> {
  const { journal } = deps;
  if (journal === null) return run(deps, context, plan);
  const { job = journal.newId() } = plan;
  if (!journal.has(job)) await journal.begin(job, 'foley.generate', recordOf(plan));
  return journal.during(job, () => run(deps, context, { ...plan, job, origin: { job, first: 0 } }));
}

/** Bytes of the sound that a job hands over. */
function audioBytes({ voice, args, takes }: ClipPlan): number {
  if (!args.audio) return 0;
  const seconds = args.length ?? voice.samples / voice.rate;
  return Math.ceil(takes.length * seconds * (args.rate ?? voice.rate)) * (args.format === 's16' ? 2 : 4);
}

async function run(deps: GenerationDeps, context: GenerationContext, plan: ClipPlan): Promise<Done> {
  const { voice, chosen, args, takes, candidates = 1 } = plan;
  const voiceClasses = takes.map((take) => take.voiceClass ?? plan);
  const rateOf = (take: number): number => args.rate ?? voiceClasses[take]!.voice.rate;
  const shape = shapeOf(args);
  const pieces = piecesFor(voice, args);
  const plain = isPlain(shape) && pieces.count === 1;
  const timings: Done['timings'] = { totalMs: 0 };
  const clips: Done['clips'] = [];
  let seconds = 0;
  const { made: earlier = new Map<number, MadeClip>() } = plan;
  for (const [index, { seconds: long, ...clip }] of earlier) {
    clips.push({ index, ...clip });
    seconds = long;
  }
  // The part of an only clip that has left before the whole was made, in samples.
  let sent = 0;
  let sending: Promise<void> = Promise.resolve();

  const queue: Piece[] = takes.flatMap(({ starts, seed }, take) =>
    earlier.has(take)
      ? []
      : Array.from({ length: candidates }, (_, candidate) => {
          return { take, before: [], starts: [starts?.[0]], seed: candidateSeed(seed, candidate) };
        }),
  );
  const follow = followed(voiceClasses, args);
  const order = ({ take, starts, seed, before: { length: piece } }: Piece): JobOrder['clips'][number] => ({
    ...orderOf(voiceClasses[take]!),
    ...follow(take, pieces, piece),
    seed: seedOf({ ...takes[take]!, seed }, piece),
    rate: rateOf(take),
    temperature: args.temperature,
    topK: args.topK,
    topP: args.topP,
    // Of a longer clip only the beginning is heard before it is there.
    previews: args.previews && piece === 0 && candidates === 1,
    // Of several clips each is handed over whole, in turn.
    stream: args.audio && takes.length === 1 && plain && candidates === 1,
    ...startOf(starts.at(-1)),
  });
  const orders = queue.map(order);

  const hand = async (piece: Piece, results: readonly Result[]): Promise<void> => {
    const { take: index, starts, seed } = piece;
    const take = { ...takes[index]!, seed };
    const score = scores.get(index);
    const told = { index, seed, ...(score === undefined ? {} : { score }) };
    const chosen = score === undefined ? {} : { chosen: { of: candidates, score } };
    const rate = rateOf(index);
    const sounds = results.map(({ pcm }) => pcm);
    const pcm = plain ? sounds[0]! : shapeSound(joinPieces(pieces, sounds, rate), rate, shape);
    seconds = pcm.length / rate;
    await sending;
    if (args.audio)
      await sendPart(context, args, { index, offset: sent, total: pcm.length, rate, pcm: pcm.subarray(sent) });
    if (!args.save) {
      clips.push({ ...told, clip: randomBytes(8).toString('hex') });
      return;
    }
    const saved = await deps.clips.save({
      pcm,
      rate,
      format: args.format,
      recipe: { ...recipeOf(voiceClasses[index]!, args, rate), seed, ...chosen },
      ...codesOf(results, starts),
      ...(take.seeds === undefined ? {} : { seeds: results.map((_, piece) => seedOf(take, piece)) }),
      ...(take.lineage === undefined ? {} : { lineage: take.lineage }),
      ...(plain ? {} : { shape }),
      ...(plan.origin === undefined ? {} : { origin: { job: plan.origin.job, index: plan.origin.first + index } }),
    });
    clips.push({ ...told, clip: saved.id, url: `/clips/${saved.id}.wav`, path: saved.path });
  };

  const chooser = new Chooser();
  const scores = new Map<number, number>();
  /** Candidates of the clip whose turn it is: results come in order. */
  let made: { piece: Piece; result: Result }[] = [];
  /** The best of the clip's candidates as soon as all are made. */
  const chosenOf = async (piece: Piece, result: Result): Promise<{ piece: Piece; result: Result } | null> => {
    if (candidates === 1 || piece.before.length > 0) return { piece, result };
    made.push({ piece, result });
    if (made.length < candidates) return null;
    const all = made;
    made = [];
    const { take: index } = piece;
    const weights = weightsOf(voiceClasses[index]!);
    const scored = await Promise.all(
      all.map((one) => deps.ranker.score(voiceClasses[index]!.voice, weights, one.result.pcm, one.result.rate)),
    );
    const best = chooser.choose(scored);
    for (const [candidate, score] of best.scores.entries()) {
      const { seed } = all[candidate]!.piece;
      context.emit('candidate', { index, candidate, seed, ...score, chosen: candidate === best.index }, true);
    }
    scores.set(index, best.scores[best.index]!.score);
    return all[best.index]!;
  };

  const { job: id, group, paused } = plan;
  const job = deps.scheduler.submit({
    ...(id === undefined ? {} : { id }),
    ...(group === undefined ? {} : { group }),
    ...(paused === undefined ? {} : { paused }),
    owner: context.session.id,
    client: context.session.client,
    signal: context.signal,
    clips: orders,
    onClip: async (index, result) => {
      addTimings(timings, result.timings, index);
      const best = await chosenOf(queue[index]!, result);
      if (best === null) return;
      const { take, before, starts, seed } = best.piece;
      const results = [...before, best.result];
      if (results.length === pieces.count) return hand(best.piece, results);
      // It goes on from its end, as one more clip of this job.
      const start = startOfNext(pieces, best.result.codes, takes[take]!.starts?.[results.length]);
      const next = { take, before: results, starts: [...starts, start], seed };
      queue.push(next);
      orders.push(order(next));
    },
  });
  context.setJob(job.id);
  const known = deps.partials.begin(job.id, {
    args,
    voiceClasses,
    recording: takes.some(({ lineage }) => lineage?.recording === true),
  });
  const stop = deps.bus.subscribe(job.id, (event) => {
    // Which candidate will be the clip is not known yet.
    if (candidates > 1 && event.type !== 'started') return;
    if (event.type === 'row') known.row(event);
    if (event.type === 'started') timings.queueMs = event.waitedMs;
    else if (event.type === 'audio') {
      const { index, offset, total, rate: hertz, pcm } = event;
      sent = offset + pcm.length;
      sending = sending.then(() => sendPart(context, args, { index, offset, total, rate: hertz, pcm }));
    } else report(context, args, event, takes.length);
  });
  const { label } = chosen;
  context.emit('accepted', {
    job: job.id,
    seed: plan.seed,
    voice: voice.id,
    class: label,
    count: takes.length,
    ...understoodOf(plan),
  });
  try {
    await job.done;
  } finally {
    stop();
    known.end();
  }
  if (earlier.size > 0) clips.sort((a, b) => a.index - b.index);
  timings.totalMs = performance.now() - plan.begun;
  return { clip: clips[0]?.clip ?? '', seconds, timings, clips, ...understoodOf(plan) };
}

/** What tells the engine what a piece of a take follows: of each kind nothing where nothing was asked for. */
function followed(
  voiceClasses: readonly VoiceClass[],
  { envelope, spectrum, trim = 0 }: Args,
): (take: number, pieces: Pieces, piece: number) => { contour?: Float32Array; spectrum?: Float32Array } {
  for (const voiceClass of new Set(voiceClasses)) {
    if (envelope !== undefined) checkFollows(voiceClass.voice, orderOf(voiceClass), 'envelope');
    if (spectrum !== undefined) checkFollows(voiceClass.voice, orderOf(voiceClass), 'spectrum');
  }
  // The same for every take and candidate by one voice: contours of each piece, one spectrum.
  const known = new Map<Voice, { contours: Float32Array[]; spectrum?: Float32Array }>();
  return (take, pieces, piece) => {
    const { voice } = voiceClasses[take]!;
    const of = known.get(voice) ?? { contours: [] };
    known.set(voice, of);
    const told: ReturnType<ReturnType<typeof followed>> = {};
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

function startOf(start: Start | undefined): Partial<JobOrder['clips'][number]> {
  if (start === undefined) return {};
  return start.given.includes(0) ? { start } : { codes: start.codes };
}

function seedOf({ seed, seeds }: Take, piece: number): number {
  return seeds?.[piece] ?? pieceSeed(seed, piece);
}

/** Codes of all pieces, one after the other, and which of them were given. */
function codesOf(results: readonly Result[], starts: Piece['starts']): Pick<NewClip, 'codes' | 'given'> {
  const each = results[0]!.codes.length;
  const codes = new Uint16Array(each * results.length);
  const given = new Uint8Array(codes.length);
  for (const [piece, result] of results.entries()) {
    codes.set(result.codes, piece * each);
    given.set(starts[piece]?.given ?? [], piece * each);
  }
  return { codes, ...(starts.some((start) => start !== undefined) ? { given } : {}) };
}

function recipeOf(
  { voice, chosen, guidance, guideFollowed, avoid }: VoiceClass,
  args: Args,
  rate: number,
): Omit<ClipRecipe, 'seed'> {
  const { temperature, topK, topP, envelope, spectrum } = args;
  return {
    voice: voice.hash,
    voiceId: voice.id,
    class: chosen.label,
    classWeights: chosen.weights,
    temperature,
    topK,
    topP,
    guidance,
    ...(guideFollowed ? { guideFollowed } : {}),
    rate,
    ...(envelope === undefined ? {} : { envelope }),
    ...(spectrum === undefined ? {} : { spectrum }),
    ...(avoid === null ? {} : { avoid: avoid.label, avoidWeights: avoid.weights }),
  };
}

/** What is done to a sound, without what is not done. */
export function shapeOf({ trim, length, exact, reverse, fadeIn, fadeOut, gain }: Pick<Args, keyof Shape>): Shape {
  const all = Object.entries({ trim, length, exact, reverse, fadeIn, fadeOut, gain });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== 0 && value !== false)) as Shape;
}

/** One piece, unless more must be made than a clip of the voice holds: what is left after trimming. */
export function piecesFor({ card, rate, samples }: Voice, { trim = 0, length = 0 }: Pick<Args, keyof Shape>): Pieces {
  const seconds = length === 0 ? 0 : trim + length;
  return seconds * rate <= samples ? SINGLE_PIECE : piecesOf(gridOf(card), seconds);
}

function report({ emit }: GenerationContext, args: Args, event: JobEvent, takes: number): void {
  // Rows of a further piece are its own: nobody asked for a grid longer than the voice's.
  if (event.type === 'row' && args.rows && event.index < takes) {
    const { index, row, rows, codes } = event;
    emit('row', { index, row, rows, codes: Array.from(codes) }, true);
  } else if (event.type === 'preview' && args.previews) {
    const { index, codebooks, seconds, rate, pcm } = event;
    const { format } = args;
    const held = seconds === undefined ? {} : { seconds };
    emit('preview', { index, codebooks, ...held, rate, channels: 1, format, pcm: encodePcm(pcm, format) }, true);
  }
}

interface Part {
  index: number;
  offset: number;
  total: number;
  rate: number;
  pcm: Float32Array;
}

/** In chunks, with a turn of the event loop between them: no clip is long enough to hold the others up. */
async function sendPart({ emit, signal }: GenerationContext, { format }: Args, part: Part): Promise<void> {
  const { index, offset, total, rate, pcm } = part;
  for (let at = 0; at < pcm.length && !signal.aborted; at += limits.audioChunkFrames) {
    if (at > 0) await nextTurn();
    const chunk = encodePcm(pcm.subarray(at, at + limits.audioChunkFrames), format);
    emit('audio', { index, offset: offset + at, total, rate, channels: 1, format, pcm: chunk });
  }
}

/** Times of sampling, decoding and vocoding add up over the clips; the first row and preview are those of clip 0. */
function addTimings(sum: Done['timings'], one: Result['timings'], index: number): void {
  sum.sampleMs = (sum.sampleMs ?? 0) + one.sampleMs;
  sum.decodeMs = (sum.decodeMs ?? 0) + one.decodeMs;
  sum.vocodeMs = (sum.vocodeMs ?? 0) + one.vocodeMs;
  if (index > 0) return;
  sum.firstRowMs = one.firstRowMs;
  sum.firstPreviewMs = one.firstPreviewMs;
}
