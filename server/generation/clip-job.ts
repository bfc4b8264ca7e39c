import { type EventData, encodePcm } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import type { JobEvent } from '../dispatch/job-events.ts';
import type { JobJournal } from '../dispatch/job-journal.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Catalog } from '../voices/voice.ts';
import type { ClipRanker } from './candidates.ts';
import { ClipChoice } from './clip-choice.ts';
import { ClipHandover } from './clip-handover.ts';
import { ClipPieces, type Result } from './clip-pieces.ts';
import { type ClipArgs, type ClipPlan, type MadeClip, voiceClassesOf } from './clip-plan.ts';
import type { GenerationContext } from './context.ts';
import type { DetachedJobs } from './detached-jobs.ts';
import { spelledOut } from './envelope.ts';
import type { PartialClips, RunningJob } from './partial-clips.ts';
import { recordOf } from './plan-record.ts';
import { spelledOutSpectrum } from './spectrum.ts';
import { UntilRecorded } from './until-recorded.ts';
import { understoodOf } from './voice-class.ts';

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

/** Submits one job of some clips, reports its events, and post-processes, sends and saves each clip. */
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

/**
 * A job that a restart does not end: it is on the disk before anybody is told that it was accepted, and before anything
 * of it is handed over. The engine does not wait for the disk.
 */
async function recorded(deps: GenerationDeps, context: GenerationContext, plan: ClipPlan): Promise<Done> {
  const { journal } = deps;
  // A restart would need the sound whose stretch is made anew.
  if (journal === null || plan.stretch !== undefined) return run(deps, context, plan);
  const { job = journal.newId() } = plan;
  const lasting = { ...plan, job, origin: { job, first: 0 } };
  if (journal.has(job)) return journal.during(job, () => run(deps, context, lasting));
  return journal.during(job, () => {
    const recording = journal.begin(job, 'foley.generate', recordOf(plan));
    return new UntilRecorded(context, recording).run((held) => run(deps, held, lasting, unheard, recording));
  });
}

/** Bytes of the sound that a job hands over. */
function audioBytes({ voice, args, takes }: ClipPlan): number {
  if (!args.audio) return 0;
  const seconds = args.length ?? voice.samples / voice.rate;
  return Math.ceil(takes.length * seconds * (args.rate ?? voice.rate)) * (args.format === 's16' ? 2 : 4);
}

/** @param recording before whose end no clip is handed over */
async function run(
  deps: GenerationDeps,
  context: GenerationContext,
  plan: ClipPlan,
  onSaved = unheard,
  recording: Promise<void> = Promise.resolve(),
): Promise<Done> {
  const { voice, chosen, args, takes, candidates = 1, made = new Map<number, MadeClip>() } = plan;
  const timings: Done['timings'] = { totalMs: 0 };
  const pieces = new ClipPieces(plan);
  const handover = new ClipHandover(deps.clips, context, plan, pieces);
  const choice = new ClipChoice(deps.ranker, plan, context.emit);
  let known: ReturnType<PartialClips['begin']> | null = null;

  const onClip = async (index: number, result: Result): Promise<void> => {
    await recording;
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
