import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type EventData, isErrorCode, ProtocolError, TRAINING_MINUTES } from '../../protocol/index.ts';
import { type Context, clientGone, type Handler } from '../dispatch/dispatcher.ts';
import type { Job, JobUpdate, Progress } from '../training/job.ts';
import type { TrainingJobs } from '../training/jobs.ts';
import { SerialQueue } from '../util/serial-queue.ts';
import type { Catalog } from '../voices/voice.ts';

export interface RetrainDeps {
  trainings: TrainingJobs;
  catalog: Catalog;
  /** Threads of a training. */
  threads: number;
  /** Resolves when the jobs of earlier runs are known. */
  ready: () => Promise<void>;
}

type Done = EventData<'admin.retrain', 'done'>;
type Watching = Pick<Context<'admin.retrain'>, 'emit' | 'signal' | 'setJob'>;
type Entry = EventData<'admin.jobs', 'done'>['jobs'][number];

/** `admin.retrain`: the training belongs to the server and not to the connection; to cancel the request is to cancel it. */
export function adminRetrain(deps: RetrainDeps): Handler<'admin.retrain'> {
  return async ({ args, emit, signal, setJob }) => {
    await deps.ready();
    const base = args.scratch ? null : await deps.catalog.find(args.base);
    const { voice, datasets, steps = null, preset, seed } = args;
    const job = await deps.trainings.submit({
      voice,
      name: args.name ?? voice,
      datasets,
      preset,
      seed,
      steps,
      threads: deps.threads,
      base: base === null ? null : { id: base.id, hash: base.hash },
      classes: args.classes ?? null,
      stages: args.stages ?? null,
      minutes: steps === null ? (args.minutes ?? TRAINING_MINUTES) : null,
    });
    setJob(job.id);
    emit('accepted', accepted(deps, job));
    if (!args.wait) return { job: job.id, voice, hash: '', seconds: 0 };
    try {
      return await follow(deps, job, { emit, signal, setJob });
    } catch (error) {
      if (signal.aborted && signal.reason !== clientGone) await deps.trainings.cancel(job.id);
      throw error;
    }
  };
}

/** `admin.attach`: to cancel this request is only to stop listening. */
export function adminAttach(deps: RetrainDeps): Handler<'admin.attach'> {
  return async ({ args, emit, signal, setJob }) => {
    await deps.ready();
    const job = deps.trainings.get(args.job);
    emit('accepted', accepted(deps, job));
    return follow(deps, job, { emit: emit as Watching['emit'], signal, setJob });
  };
}

/** `admin.jobs`. */
export function adminJobs({ trainings, ready }: RetrainDeps): Handler<'admin.jobs'> {
  return async () => {
    await ready();
    return { jobs: trainings.list().map(entry) };
  };
}

/** `admin.pause`. */
export function adminPause(deps: RetrainDeps): Handler<'admin.pause'> {
  return controlled(deps, (job) => deps.trainings.pause(job));
}

/** `admin.resume`. */
export function adminResume(deps: RetrainDeps): Handler<'admin.resume'> {
  return controlled(deps, (job) => deps.trainings.resume(job));
}

/** `admin.cancel`. */
export function adminCancel(deps: RetrainDeps): Handler<'admin.cancel'> {
  return controlled(deps, (job) => deps.trainings.cancel(job));
}

type Control = (context: { args: { job: string } }) => Promise<EventData<'admin.pause', 'done'>>;

function controlled({ trainings, ready }: RetrainDeps, change: (job: string) => Promise<boolean>): Control {
  return async ({ args }) => {
    await ready();
    const job = trainings.get(args.job);
    return { job: job.id, changed: await change(job.id), state: job.state };
  };
}

function accepted({ trainings }: RetrainDeps, job: Job): EventData<'admin.retrain', 'accepted'> {
  const open = trainings.list().filter(({ state }) => state === 'queued' || state === 'running');
  const ahead =
    job.state === 'queued'
      ? open.filter(({ state, created }) => state === 'running' || created < job.created).length
      : 0;
  return { job: job.id, voice: job.order.voice, base: job.order.base?.id ?? null, ahead };
}

/** Tells what happens to a job until it ends. */
async function follow({ trainings }: RetrainDeps, job: Job, { emit, signal, setJob }: Watching): Promise<Done> {
  setJob(job.id);
  // One after the other: an audition is read from the disk first.
  const queue = new SerialQueue();
  let stop: () => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    const told = (one: JobUpdate): void => {
      const { progress } = job;
      queue.run(() => tell(trainings.auditions(job.id), progress, one, emit)).catch(() => undefined);
      if (job.over) resolve();
    };
    stop = job.watch(told);
    if (job.over) resolve();
    else void queue.run(async () => emit('state', { state: job.state, message: job.message }));
    const left = (): void => reject(signal.reason);
    if (signal.aborted) left();
    else signal.addEventListener('abort', left, { once: true });
  });
  try {
    await ended;
    await queue.ended();
  } finally {
    stop();
  }
  if (job.state === 'done') {
    const seconds = ((job.ended ?? job.created) - job.created) / 1000;
    return { job: job.id, voice: job.order.voice, hash: job.hash ?? '', seconds };
  }
  const reason = job.message ?? 'the training ended';
  // The trainer prints the error that it reports, too.
  const log = job.log.slice(-10).filter((line) => line.trim() !== '' && !line.includes(reason));
  const message = log.length === 0 ? reason : `${reason}; last lines of its log: ${log.join(' | ')}`;
  throw new ProtocolError(isErrorCode(job.code) ? job.code : 'training_failed', message.slice(0, 4000));
}

async function tell(auditions: string, progress: Progress, told: JobUpdate, emit: Watching['emit']): Promise<void> {
  if (told.type === 'state') {
    if (!told.isLast) emit('state', { state: told.state, message: told.message });
    return;
  }
  const { event, stage: at, step: reached, ...data } = told.event;
  const [stage, step] = [String(at ?? ''), Number(reached ?? 0)];
  if (event === 'stage') {
    const { number, of } = progress;
    emit('stage', { stage, number: Number(data.number ?? number), of: Number(data.of ?? of) });
  } else if (event === 'progress')
    emit('progress', { part: String(data.part), done: Number(data.done), of: Number(data.of) }, true);
  else if (event === 'step') {
    const { share, eta, losses } = progress;
    emit('step', { stage, step, share, eta, losses }, true);
  } else if (event === 'eval') emit('eval', { stage, step, scores: finite({ ...data, minutes: null }) });
  else if (event === 'audition') {
    const file = path.join(auditions, path.basename(String(data.wav)));
    const picture = path.join(auditions, path.basename(String(data.picture)));
    // One that is gone meanwhile is not told of.
    const [wav, png] = await Promise.all([readFile(file), readFile(picture)]);
    emit('audition', { stage, step, class: String(data.class), path: file, wav, picture: png });
  }
}

function finite(values: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter((one): one is [string, number] => Number.isFinite(one[1])));
}

function entry({ id, state, order, created, ended, progress, pace, code, message, log }: Job): Entry {
  const { stage, step, share, eta } = progress;
  return {
    job: id,
    state,
    voice: order.voice,
    base: order.base?.id ?? null,
    datasets: order.datasets,
    created,
    ended,
    stage,
    step,
    share,
    eta,
    pace: { ...pace },
    code,
    message,
    log,
  };
}
