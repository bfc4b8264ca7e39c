import { type EventData, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Handler, Session } from '../dispatch/dispatcher.ts';
import type { JobJournal, RestoredJob } from '../dispatch/job-journal.ts';
import type { OpenJob, Scheduler } from '../dispatch/scheduler.ts';
import { generateClips } from '../generation/clip-job.ts';
import { madeFrom } from '../generation/clip-plan.ts';
import type { GenerationContext } from '../generation/context.ts';
import { planFrom } from '../generation/plan-record.ts';
import { type BatchDeps, resumeBatch } from './batch.ts';
import type { Batches } from './batches.ts';

const isOver = (state: string): boolean => ['done', 'failed', 'cancelled'].includes(state);

type Told = EventData<'job.list', 'done'>['jobs'][number];

/** Ended jobs that are remembered. */
const REMEMBERED = 256;

export interface JobsDeps {
  scheduler: Scheduler;
  batches: Batches;
  journal: JobJournal | null;
  history: JobHistory;
}

/** Jobs that were taken up after a restart, and what became of them. */
export class JobHistory {
  readonly #ended = new Map<string, { told: Omit<Told, 'own'>; owner: string }>();

  add(owner: string, told: Omit<Told, 'own'>): void {
    this.#ended.set(told.job, { told, owner });
    if (this.#ended.size > REMEMBERED) this.#ended.delete([...this.#ended.keys()][0]!);
    // An id comes twice at most: when the job is taken up, and when it ends.
    if (isOver(told.state)) setTimeout(() => this.#ended.delete(told.job), limits.keptMs).unref();
  }

  list(): { told: Omit<Told, 'own'>; owner: string }[] {
    return [...this.#ended.values()];
  }
}

/** `job.list`. Ids of other clients' jobs are shown to admins only, since an id is enough to cancel a job. */
export function jobList({ scheduler, batches, journal, history }: JobsDeps): Handler<'job.list'> {
  return ({ args: { jobs = [] }, session }) => {
    const named = new Set(jobs);
    const mayKnow = (job: string, owner: string): boolean =>
      session.role === 'admin' || owner === session.id || named.has(job);
    const told = (cmd: string) => (one: OpenJob) => ({ ...openTold(one, cmd, journal), owner: one.owner });
    const open = [
      // The jobs of a batch are the batch's.
      ...scheduler
        .list()
        .filter(({ group }) => group === null)
        .map(told('foley.generate')),
      ...batches.list().map(told('clip.batch')),
    ];
    const isOpen = new Set(open.map(({ job }) => job));
    const resumed = history.list().filter(({ told: { job } }) => !isOpen.has(job));
    const ended = resumed.map((one) => ({ ...one.told, owner: one.owner }));
    const all = [...ended, ...open].filter(({ job, owner }) => mayKnow(job, owner));
    all.sort((a, b) => a.created - b.created);
    return { jobs: all.map(({ owner, ...one }) => ({ ...one, own: owner === session.id })) };
  };
}

function openTold({ id, state, clips, made, created }: OpenJob, cmd: string, journal: JobJournal | null) {
  return { job: id, cmd, state, clips, made, created, lasting: journal?.has(id) === true, message: null };
}

/** `job.pause` and `job.resume`. */
function setPaused({ scheduler, batches, journal }: JobsDeps, paused: boolean) {
  return async ({ args: { job } }: { args: { job: string } }) => {
    known({ scheduler, batches }, job);
    // A batch and its lines are paused together, also by an admin who was told of a line: no list would show one that stands.
    const whole = scheduler.list().find(({ id }) => id === job)?.group ?? job;
    const changed = [batches.pause(whole, paused), scheduler.pause(whole, paused)].includes(true);
    await journal?.pause(whole, paused);
    return { job, changed };
  };
}

export const jobPause = (deps: JobsDeps): Handler<'job.pause'> => setPaused(deps, true);
export const jobResume = (deps: JobsDeps): Handler<'job.resume'> => setPaused(deps, false);

/** `job.move`. */
export function jobMove({ scheduler, batches }: JobsDeps): Handler<'job.move'> {
  return ({ args: { job }, session }) => {
    known({ scheduler, batches }, job);
    return { job, changed: scheduler.move(job, session.role === 'admin' ? 'all' : 'own') };
  };
}

/** `job.cancel`. */
export function jobCancel({ scheduler, batches }: JobsDeps): Handler<'job.cancel'> {
  return ({ args: { job } }) => ({ job, changed: scheduler.cancel(job) || batches.cancel(job) });
}

function known({ scheduler, batches }: Pick<JobsDeps, 'scheduler' | 'batches'>, job: string): void {
  if (!scheduler.has(job) && !batches.has(job))
    throw new ProtocolError('unknown_job', 'no job of this id is open; job.list lists the open jobs', {
      path: 'args.job',
    });
}

/** Nobody, in whose name jobs of an earlier run go on: they take turns with everybody else as one client. */
const nobody: Session = {
  id: 'restart',
  transport: 'restart',
  client: 'restart',
  role: 'play',
  lasting: true,
  heard: 0,
  open: new Map(),
};

/** Takes up the jobs of an earlier run, each once. Resolves when all are queued or have failed. */
export async function resumeJobs(deps: BatchDeps & { history: JobHistory }): Promise<void> {
  const { journal, clips } = deps;
  if (journal === null) return;
  const madeOf = ({ record, notes }: RestoredJob): number =>
    clips.ofJob(record.job).size + notes.filter(({ is }) => is === 'done').length;
  const found = await journal.restore(madeOf);
  await Promise.all(found.map((job) => resumeOne(deps, job)));
}

type ResumedDone = EventData<'clip.batch', 'done'> | EventData<'foley.generate', 'done'>;

function resumeOne(deps: BatchDeps & { history: JobHistory }, restored: RestoredJob): Promise<void> {
  const { record } = restored;
  return new Promise((queued) => {
    const context = {
      session: nobody,
      at: null,
      signal: new AbortController().signal,
      files: { incoming: null, deliver: null },
      setJob: () => undefined,
      late: () => undefined,
      emit: (event: string) => event === 'accepted' && queued(),
    };
    const told = {
      job: record.job,
      cmd: record.cmd,
      created: record.created,
      lasting: true,
      clips: record.made,
    };
    // Until it is queued, and while its end is written, no queue knows it.
    deps.history.add(nobody.id, { ...told, state: 'queued', made: record.made, message: null });
    const work = deps.journal!.during<ResumedDone>(record.job, () =>
      record.cmd === 'clip.batch'
        ? resumeBatch(deps, restored, context)
        : resumeClips(deps, restored, context as unknown as GenerationContext),
    );
    work
      .then(
        (done) => {
          const made = 'files' in done ? done.files : done.clips.length;
          deps.history.add(nobody.id, { ...told, state: 'done', clips: made, made, message: null });
        },
        (thrown: unknown) => {
          const { code, message } = toProtocolError(thrown);
          const state = code === 'cancelled' ? 'cancelled' : 'failed';
          deps.history.add(nobody.id, { ...told, state, made: record.made, message: `${code}: ${message}` });
        },
      )
      .finally(queued);
  });
}

async function resumeClips(deps: BatchDeps, { record }: RestoredJob, context: GenerationContext) {
  const { job, paused, order } = record;
  const made = new Map([...deps.clips.ofJob(job)].map(([index, entry]) => [index, madeFrom(entry)]));
  const plan = { ...(await planFrom(order, deps.catalog, performance.now())), job, made, paused };
  return generateClips(deps, context, plan);
}
