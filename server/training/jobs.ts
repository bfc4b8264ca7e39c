import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileNameKey } from '../../protocol/file-name.ts';
import { ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { noFile } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { isId, newId } from '../util/new-id.ts';
import { unlessShort } from '../util/shortage.ts';
import { adoptVoice } from './finished-voice.ts';
import { Job } from './job.ts';
import { Journal, type TrainingOrder, type TrainingState } from './journal.ts';
import { STILL_MS } from './process.ts';
import { checkResources } from './resource-limits.ts';
import { CANCELLED, type RunOptions, TrainingRun } from './run.ts';

export interface TrainingOptions
  extends Omit<RunOptions, 'checkMs' | 'retryMs' | 'stillMs'>,
    Partial<Pick<RunOptions, 'checkMs' | 'retryMs' | 'stillMs'>> {
  /** Folder of a folder per job. */
  dir: string;
  /** Where finished voices go. */
  voices: string;
  /** Whether some voice has this id. */
  hasVoice: (id: string) => Promise<boolean>;
  /** Jobs that may wait. */
  most: number;
}

interface Running {
  job: Job;
  run: TrainingRun;
  end: Promise<void>;
}

/** Ended jobs that are kept, with their logs and auditions. */
export const MAX_ENDED = 100;

/**
 * Trainings, one at a time, the others in the order they came. All that is known of one is in its folder, so a server
 * that starts takes up what an earlier one left, however that ended.
 */
export class TrainingJobs {
  readonly #options: Required<TrainingOptions>;
  /** Oldest first. */
  readonly #jobs = new Map<string, Job>();
  /** Of them, those that are not on the disk yet. */
  readonly #unrecorded = new Set<Job>();
  #running: Running | null = null;
  #closing = false;

  constructor(options: TrainingOptions) {
    this.#options = { checkMs: 2000, retryMs: 1000, stillMs: STILL_MS, ...options };
  }

  /** Finds the jobs of earlier runs and goes on with what had not ended; `isOwner` false: only reads them. */
  async restore(isOwner = true): Promise<void> {
    const found: Job[] = [];
    for (const id of ((await readdir(this.#options.dir).catch(noFile)) ?? []).filter((name) => isId(name))) {
      const journal = new Journal(path.join(this.#folder(id), 'job.jsonl'));
      const lines = await journal.read().catch((err: unknown) => {
        this.#options.log('warn', 'the log of a training cannot be read; it is left as it is', { job: id, err });
        return [];
      });
      const job = Job.restored(id, journal, lines);
      if (job === null) continue;
      found.push(job);
      if (job.over) await job.close();
    }
    found.sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || a.created - b.created);
    // Read again from another process's folder: what that one has removed is gone.
    if (!isOwner) this.#jobs.clear();
    for (const job of found) this.#jobs.set(job.id, job);
    if (!isOwner) return;
    for (const job of found.filter(({ state }) => state === 'running')) {
      this.#options.log('info', 'training resumed', { job: job.id });
      await job.set('queued', { message: 'the server was started again' });
    }
    await this.#forget();
    this.#next();
  }

  /** Rejects with what makes the order impossible now: python_missing, trainer_missing, no_room, already_exists, queue_full... */
  async submit(order: TrainingOrder): Promise<Job> {
    const waiting = this.list().filter(({ state }) => state === 'queued').length;
    if (waiting >= this.#options.most)
      throw new ProtocolError('queue_full', `${waiting} trainings are already waiting; try again when one has ended`);
    await this.#checkName(order.voice);
    await Promise.all(order.datasets.map((id) => this.#options.findDataset(id)));
    await this.#options.finder.find();
    const id = newId();
    await mkdir(this.#folder(id), { recursive: true });
    await checkResources(this.#options.dir, this.#options.room);
    // Another one may have come while we looked.
    await this.#checkName(order.voice);
    const job = new Job(id, order, new Journal(path.join(this.#folder(id), 'job.jsonl')), Date.now());
    this.#jobs.set(id, job);
    this.#unrecorded.add(job);
    try {
      await job.begin();
      await job.set('queued');
    } catch (error) {
      // Refused, so it must not begin later, in this server or the next.
      this.#jobs.delete(id);
      await rm(this.#folder(id), { recursive: true, force: true }).catch(() => undefined);
      throw new ProtocolError('io_error', `the training could not be recorded: ${diskReason(error)}`, { cause: error });
    } finally {
      this.#unrecorded.delete(job);
    }
    this.#next();
    return job;
  }

  /** Throws unknown_job. */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new ProtocolError('unknown_job', 'there is no training with this id; admin.jobs lists the trainings', {
        path: 'args.job',
      });
    return job;
  }

  /** Oldest first. */
  list(): Job[] {
    return [...this.#jobs.values()].sort((a, b) => a.created - b.created);
  }

  /** Folder of a job's audition clips. */
  auditions(id: string): string {
    return path.join(this.#folder(id), 'run', 'auditions');
  }

  /** Job that needs a data set; null when it may go. */
  user(dataset: string): string | null {
    return this.list().find((job) => !job.over && job.order.datasets.includes(dataset))?.id ?? null;
  }

  /** Its memory is given back; what it has learned stays on the disk. False where there is nothing to pause. */
  async pause(id: string): Promise<boolean> {
    const job = this.get(id);
    if (job.state === 'paused') return false;
    if (this.#running?.job === job) {
      this.#running.run.pause();
      await this.#running.end;
    } else if (job.state === 'queued') await job.set('paused');
    return (job.state as TrainingState) === 'paused';
  }

  /** It waits behind the others again. False where it was not paused. */
  async resume(id: string): Promise<boolean> {
    const job = this.get(id);
    if (job.state !== 'paused') return false;
    await job.set('queued');
    this.#next();
    return true;
  }

  /** Ends it and removes what it has learned. False where it had ended. */
  async cancel(id: string): Promise<boolean> {
    const job = this.get(id);
    if (job.over) return false;
    if (this.#running?.job === job) {
      this.#running.run.cancel();
      await this.#running.end;
    } else await this.#end(job, 'cancelled', CANCELLED);
    return job.state === 'cancelled';
  }

  /** Lets the one that runs write a checkpoint; the next server goes on with it. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#running?.run.leave();
    await this.#running?.end;
    await Promise.all([...this.#jobs.values()].map((job) => job.close()));
  }

  async #checkName(voice: string): Promise<void> {
    const key = fileNameKey(voice);
    // Names that differ in case alone are one folder on some disks.
    const names = await readdir(this.#options.voices).catch(unlessShort([], 'the voices could not be listed'));
    const isTaken =
      names.some((name) => fileNameKey(name) === key) ||
      this.list().some((job) => !job.over && fileNameKey(job.order.voice) === key);
    if (isTaken || (await this.#options.hasVoice(voice))) {
      throw new ProtocolError(
        'already_exists',
        `voice ${voice} exists, or a training will create it; choose another name`,
        {
          path: 'args.voice',
        },
      );
    }
  }

  #next(): void {
    if (this.#running !== null || this.#closing) return;
    const job = [...this.#jobs.values()].find((one) => one.state === 'queued' && !this.#unrecorded.has(one));
    if (job === undefined) return;
    const run = new TrainingRun(job, path.join(this.#folder(job.id), 'run'), this.#options);
    const end = this.#run(job, run)
      .catch(async (thrown: unknown) => {
        const { code, message } = toProtocolError(thrown);
        const isDisk = code === 'io_error' && !(thrown instanceof ProtocolError);
        const why = isDisk ? `the training could not go on: ${diskReason(thrown)}` : message;
        await this.#end(job, 'failed', { code, message: why });
      })
      .catch((err: unknown) =>
        this.#options.log('warn', 'the end of a training could not be recorded', { job: job.id, err }),
      )
      .finally(() => {
        this.#running = null;
        this.#next();
      });
    this.#running = { job, run, end };
  }

  async #run(job: Job, run: TrainingRun): Promise<void> {
    await job.set('running');
    this.#options.log('info', 'training started', { job: job.id, voice: job.order.voice });
    const { state, ...more } = await run.run();
    if (state === 'exported') return this.#finish(job);
    if (state === 'paused') return job.set('paused');
    // Its log says that it runs, so the next server goes on with it.
    if (state === 'left') return;
    return this.#end(job, state, more);
  }

  /** The folder that the trainer wrote becomes a voice. */
  async #finish(job: Job): Promise<void> {
    const made = path.join(this.#folder(job.id), 'run', 'voice');
    const hash = await adoptVoice(made, this.#options.voices, { id: job.order.voice, job: job.id });
    this.#options.log('info', 'training finished', { job: job.id, voice: job.order.voice });
    await this.#end(job, 'done', { hash });
  }

  async #end(job: Job, state: 'done' | 'failed' | 'cancelled', more: Parameters<Job['set']>[1] = {}): Promise<void> {
    await job.set(state, more).catch((err: unknown) => {
      // One that the next server knows nothing of is none.
      if (state === 'cancelled') throw err;
      this.#options.log('warn', 'the end of a training could not be recorded: the next server goes on with it', {
        job: job.id,
        err,
      });
      job.enter(state, more);
    });
    // What was learned is in the voice, or nobody's; a failed one keeps it for whoever wants to know why.
    const run = path.join(this.#folder(job.id), 'run');
    if (state !== 'failed') {
      for (const name of await readdir(run).catch(() => [])) {
        if (name !== 'auditions')
          await rm(path.join(run, name), { recursive: true, force: true }).catch(() => undefined);
      }
    }
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const ended = this.list().filter(({ over }) => over);
    for (const job of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) {
      this.#jobs.delete(job.id);
      await rm(this.#folder(job.id), { recursive: true, force: true }).catch(() => undefined);
    }
  }

  #folder(id: string): string {
    return path.join(this.#options.dir, id);
  }
}
