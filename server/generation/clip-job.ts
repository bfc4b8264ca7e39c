import { randomBytes } from 'node:crypto';
import { type EventData, encodePcm } from '../../protocol/index.ts';
import { shapeSound } from '../audio/edit.ts';
import type { ClipRecipe, Clips, NewClip } from '../clips/clip.ts';
import type { JobEvent } from '../dispatch/job-events.ts';
import type { JobJournal } from '../dispatch/job-journal.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Catalog } from '../voices/voice.ts';
import type { ClipRanker } from './candidates.ts';
import { ClipAudio } from './clip-audio.ts';
import { ClipChoice } from './clip-choice.ts';
import { ClipPieces, codesOf, type Piece, type Result, seedOf } from './clip-pieces.ts';
import { type ClipArgs, type ClipPlan, type MadeClip, shapeOf, voiceClassesOf } from './clip-plan.ts';
import type { GenerationContext } from './context.ts';
import { joinPieces } from './continuation.ts';
import type { DetachedJobs } from './detached-jobs.ts';
import { spelledOut } from './envelope.ts';
import type { PartialClips, RunningJob } from './partial-clips.ts';
import { recordOf } from './plan-record.ts';
import { spelledOutSpectrum } from './spectrum.ts';
import { spliced } from './stretch.ts';
import { understoodOf, type VoiceClass } from './voice-class.ts';

export interface GenerationDeps {
  scheduler: Scheduler;
  ranker: ClipRanker;
  catalog: Catalog;
  clips: Clips;
  partials: PartialClips;
  detached: DetachedJobs;
  /** Null in a process that makes one clip and leaves. */
  journal: JobJournal | null;
}

type Done = EventData<'foley.generate', 'done'>;

/** Hears of each clip as soon as it is handed over; what it throws ends the job. */
type OnClip = (index: number, clip: string) => Promise<void>;
const unheard: OnClip = () => Promise.resolve();

/** Queues one job of some clips, tells what happens to it, and hands each over: shaped, sent, saved. */
export async function generateClips(
  deps: GenerationDeps,
  context: GenerationContext,
  asked: ClipPlan,
  onSaved: OnClip = unheard,
): Promise<Done> {
  const plan = await spelled(deps, asked);
  if (plan.args.keep) return deps.detached.keep(context, (kept) => recorded(deps, kept, plan), audioBytes(plan));
  return run(deps, context, plan, onSaved);
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
  // A restart would need the sound whose stretch is made anew.
  if (journal === null || plan.stretch !== undefined) return run(deps, context, plan);
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

async function run(deps: GenerationDeps, context: GenerationContext, plan: ClipPlan, onSaved = unheard): Promise<Done> {
  const { voice, chosen, args, takes, candidates = 1, made = new Map<number, MadeClip>() } = plan;
  const timings: Done['timings'] = { totalMs: 0 };
  const pieces = new ClipPieces(plan);
  const handover = new Handover(deps.clips, context, plan, pieces);
  const choice = new ClipChoice(deps.ranker, plan, context.emit);
  let known: ReturnType<PartialClips['begin']> | null = null;

  const onClip = async (index: number, result: Result): Promise<void> => {
    addTimings(timings, result.timings, index);
    const best = await choice.best(pieces.at(index), result);
    if (best === null) return;
    const results = [...best.piece.before, best.result];
    if (results.length < pieces.pieces.count) pieces.goOn(best.piece, results);
    else {
      const clip = await handover.clip(best.piece, results, choice.scoreOf(best.piece.take));
      await onSaved(best.piece.take, clip);
    }
  };
  const onEvent = (event: JobEvent): void => {
    if (event.type === 'started') timings.queueMs = event.waitedMs;
    // Which candidate will be the clip is not known yet.
    if (candidates > 1) return;
    if (event.type === 'row') known?.row(event);
    if (event.type === 'audio') handover.audio.part(event);
    else report(context, args, event, takes.length);
  };

  const { job: id, group, paused } = plan;
  const job = deps.scheduler.submit({
    ...(id === undefined ? {} : { id }),
    ...(group === undefined ? {} : { group }),
    ...(paused === undefined ? {} : { paused }),
    owner: context.session.id,
    client: context.session.client,
    signal: context.signal,
    patient: args.patient === true,
    clips: pieces.orders,
    onClip,
    onEvent,
  });
  context.setJob(job.id);
  known = deps.partials.begin(job.id, runningJob(plan));
  const understood = understoodOf(plan);
  context.emit('accepted', {
    job: job.id,
    seed: plan.seed,
    voice: voice.id,
    class: chosen.label,
    count: takes.length,
    ...understood,
  });
  try {
    await job.done;
  } finally {
    known.end();
  }
  const { clips } = handover;
  if (made.size > 0) clips.sort((a, b) => a.index - b.index);
  timings.totalMs = performance.now() - plan.begun;
  return { clip: clips[0]?.clip ?? '', seconds: handover.seconds, timings, clips, ...understood };
}

function runningJob(plan: ClipPlan): RunningJob {
  const recording = plan.takes.some(({ lineage }) => lineage?.recording === true);
  return { args: plan.args, voiceClasses: voiceClassesOf(plan), recording };
}

/** Hands finished clips over: shaped, sent, saved. */
class Handover {
  /** Those of an earlier run, and those handed over, as `done` tells them. */
  readonly clips: Done['clips'] = [];
  /** Length of the latest. */
  seconds = 0;
  readonly audio: ClipAudio;
  readonly #store: Clips;
  readonly #plan: ClipPlan;
  readonly #voiceClasses: readonly VoiceClass[];
  readonly #shape: ReturnType<typeof shapeOf>;
  readonly #pieces: Pick<ClipPieces, 'pieces' | 'plain'>;

  constructor(store: Clips, context: GenerationContext, plan: ClipPlan, pieces: Pick<ClipPieces, 'pieces' | 'plain'>) {
    this.#store = store;
    this.#plan = plan;
    this.#voiceClasses = voiceClassesOf(plan);
    this.#shape = plan.stretch?.shape ?? shapeOf(plan.args);
    this.#pieces = pieces;
    this.audio = new ClipAudio(context, plan.args.format);
    for (const [index, { seconds, ...clip }] of plan.made ?? []) {
      this.clips.push({ index, ...clip });
      this.seconds = seconds;
    }
  }

  /** Its id. */
  async clip({ take: index, starts, seed }: Piece, results: readonly Result[], score?: number): Promise<string> {
    const { args, candidates = 1, origin } = this.#plan;
    const take = { ...this.#plan.takes[index]!, seed };
    const voiceClass = this.#voiceClasses[index]!;
    const rate = args.rate ?? voiceClass.voice.rate;
    const pcm = this.#sound(results, rate);
    this.seconds = pcm.length / rate;
    if (args.audio) await this.audio.rest({ index, rate, pcm });
    const told = { index, seed, ...(score === undefined ? {} : { score }) };
    if (!args.save) {
      const clip = randomBytes(8).toString('hex');
      this.clips.push({ ...told, clip });
      return clip;
    }
    const chosen = score === undefined ? {} : { chosen: { of: candidates, score } };
    const saved = await this.#store.save({
      pcm,
      rate,
      format: args.format,
      recipe: { ...recipeOf(voiceClass, args, rate), seed, ...chosen },
      ...codesOf(results, starts),
      ...(take.seeds === undefined ? {} : { seeds: results.map((_, piece) => seedOf(take, piece)) }),
      ...(take.lineage === undefined ? {} : { lineage: take.lineage }),
      ...(this.#pieces.plain ? {} : { shape: this.#shape }),
      ...(origin === undefined ? {} : { origin: { job: origin.job, index: origin.first + index } }),
      ...makersOf(results),
    });
    this.clips.push({ ...told, clip: saved.id, url: `/clips/${saved.id}.wav`, path: saved.path });
    return saved.id;
  }

  #sound(results: readonly Result[], rate: number): Float32Array {
    const sounds = results.map(({ pcm }) => pcm);
    const { plain, pieces } = this.#pieces;
    const { stretch } = this.#plan;
    if (stretch !== undefined) return spliced(stretch, joinPieces(pieces, sounds, rate));
    return plain ? sounds[0]! : shapeSound(joinPieces(pieces, sounds, rate), rate, this.#shape);
  }
}

/** Not in the recipe, which travels in the WAV: a clip's file is the same wherever it was made. */
function makersOf(results: readonly Result[]): Pick<NewClip, 'makers'> {
  const makers = results.flatMap(({ maker }) => maker ?? []);
  const each = new Map(makers.map((maker) => [JSON.stringify(maker), maker]));
  return each.size === 0 ? {} : { makers: [...each.values()] };
}

function recipeOf(
  { voice, chosen, guidance, guideFollowed, avoid }: VoiceClass,
  args: ClipArgs,
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

function report({ emit }: GenerationContext, args: ClipArgs, event: JobEvent, takes: number): void {
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

/** Times of sampling, decoding and vocoding add up over the clips; the first row and preview are those of clip 0. */
function addTimings(sum: Done['timings'], one: Result['timings'], index: number): void {
  sum.sampleMs = (sum.sampleMs ?? 0) + one.sampleMs;
  sum.decodeMs = (sum.decodeMs ?? 0) + one.decodeMs;
  sum.vocodeMs = (sum.vocodeMs ?? 0) + one.vocodeMs;
  if (index > 0) return;
  sum.firstRowMs = one.firstRowMs;
  sum.firstPreviewMs = one.firstPreviewMs;
}
