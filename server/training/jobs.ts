import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileNameKey } from '../../protocol/file-name.ts';
import { ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { noFile } from '../util/atomic-file.ts';
import type { LogLine } from '../util/log-line.ts';
import { adoptVoice } from './finished-voice.ts';
import { Job } from './job.ts';
import { Journal, type TrainingOrder, type TrainingState } from './journal.ts';
import { type TrainerEnd, TrainerProcess } from './process.ts';
import type { Finder } from './python.ts';
import { checkResources, type ResourceLimits } from './resource-limits.ts';
import { trainerArgs } from './trainer-args.ts';

export interface TrainingOptions {
  /** Folder of a folder per job. */
  dir: string;
  /** Where finished voices go. */
  voices: string;
  finder: Finder;
  /** Folder and hash of a voice. Rejects with unknown_voice and the like. */
  findVoice: (id: string) => Promise<{ dir: string; hash: string }>;
  /** Whether some voice has this id. */
  hasVoice: (id: string) => Promise<boolean>;
  /** Corpus of a data set. Rejects with unknown_dataset. */
  findDataset: (id: string) => Promise<string>;
  room: ResourceLimits;
  /** Jobs that may wait. */
  most: number;
  log: LogLine;
  /** Milliseconds between looks at memory and disk, and before a crashed trainer is started again. */
  checkMs?: number;
  retryMs?: number;
}

interface Running {
  job: Job;
  process: TrainerProcess | null;
  end: Promise<void>;
}

/** A trainer that crashes so often without a new step between is not started again. */
const ATTEMPTS = 3;
/** Ended jobs that are kept, with their logs and auditions. */
export const MOST_ENDED = 100;
const ID = /^[0-9a-f]{16}$/;

/**
 * Trainings, one at a time, the others in the order they came. All that is known of one is in its folder, so a server
 * that starts takes up what an earlier one left, however that ended.
 */
export class TrainingJobs {
  readonly #options: Required<TrainingOptions>;
  /** Oldest first. */
  readonly #jobs = new Map<string, Job>();
  #running: Running | null = null;
  #closing = false;

  constructor(options: TrainingOptions) {
    this.#options = { checkMs: 2000, retryMs: 1000, ...options };
  }

  /** Finds the jobs of earlier runs and goes on with what had not ended; `isOwner` false: only reads them. */
  async restore(isOwner = true): Promise<void> {
    const found: Job[] = [];
    for (const id of ((await readdir(this.#options.dir).catch(noFile)) ?? []).filter((name) => ID.test(name))) {
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
      throw new ProtocolError('queue_full', `${waiting} trainings are already waiting`);
    await this.#checkName(order.voice);
    await Promise.all(order.datasets.map((id) => this.#options.findDataset(id)));
    await this.#options.finder.find();
    const id = randomBytes(8).toString('hex');
    await mkdir(this.#folder(id), { recursive: true });
    await checkResources(this.#options.dir, this.#options.room);
    // Another one may have come while we looked.
    await this.#checkName(order.voice);
    const job = new Job(id, order, new Journal(path.join(this.#folder(id), 'job.jsonl')), Date.now());
    this.#jobs.set(id, job);
    await job.begin();
    await job.set('queued');
    this.#next();
    return job;
  }

  /** Throws unknown_job. */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new ProtocolError('unknown_job', 'there is no training with this id', { path: 'args.job' });
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
      job.request ??= 'pause';
      this.#running.process?.stop();
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
      job.request = 'cancel';
      this.#running.process?.kill();
      await this.#running.end;
    } else if (!job.over)
      await this.#end(job, 'cancelled', { code: 'cancelled', message: 'the training was cancelled' });
    return job.state === 'cancelled';
  }

  /** Lets the one that runs write a checkpoint; the next server goes on with it. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#running?.process?.stop();
    await this.#running?.end;
    await Promise.all([...this.#jobs.values()].map((job) => job.close()));
  }

  async #checkName(voice: string): Promise<void> {
    const key = fileNameKey(voice);
    // Names that differ in case alone are one folder on some disks.
    const names = await readdir(this.#options.voices).catch(() => []);
    const isTaken =
      names.some((name) => fileNameKey(name) === key) ||
      this.list().some((job) => !job.over && fileNameKey(job.order.voice) === key);
    if (isTaken || (await this.#options.hasVoice(voice))) {
      throw new ProtocolError('already_exists', `voice ${voice} exists, or a training will create it`, {
        path: 'args.voice',
      });
    }
  }

  #next(): void {
    if (this.#running !== null || this.#closing) return;
    const job = [...this.#jobs.values()].find(({ state }) => state === 'queued');
    if (job === undefined) return;
    const running: Running = { job, process: null, end: Promise.resolve() };
    this.#running = running;
    running.end = this.#run(job)
      .catch(async (thrown: unknown) => {
        const { code, message } = toProtocolError(thrown);
        await this.#end(job, 'failed', { code, message });
      })
      .catch((err: unknown) =>
        this.#options.log('warn', 'the end of a training could not be recorded', { job: job.id, err }),
      )
      .finally(() => {
        this.#running = null;
        job.request = null;
        this.#next();
      });
  }

  async #run(job: Job): Promise<void> {
    const { log, retryMs } = this.#options;
    await job.set('running');
    log('info', 'training started', { job: job.id, voice: job.order.voice });
    for (let attempt = 1, reached = job.progress; ; attempt++) {
      const { end, exported, why } = await this.#attempt(job);
      if (job.request === 'cancel')
        return this.#end(job, 'cancelled', { code: 'cancelled', message: 'the training was cancelled' });
      if (why !== null) return this.#end(job, 'failed', { code: why.code, message: why.message, log: end?.log ?? [] });
      if (exported && end?.code === 0) return this.#finish(job);
      if (job.request === 'pause') return job.set('paused');
      // Its log says that it runs: so it is taken up by the next server.
      if (this.#closing) return;
      const failed = end?.error ?? null;
      if (failed !== null) {
        const code = failed.kind === 'CorpusError' ? 'bad_dataset' : 'training_failed';
        return this.#end(job, 'failed', { code, message: failed.message, log: end?.log ?? [] });
      }
      const { stage, step } = job.progress;
      if (stage !== reached.stage || step !== reached.step) attempt = 1;
      reached = job.progress;
      const how = `the trainer ended (${end?.signal ?? `exit code ${end?.code}`})`;
      if (attempt >= ATTEMPTS) {
        const message = `${how} ${attempt} times without a step between`;
        return this.#end(job, 'failed', { code: 'training_failed', message, log: end?.log ?? [] });
      }
      log('warn', `${how} and is started again`, { job: job.id });
      await job.set('running', { message: `${how} and goes on from its checkpoint` });
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  /** One process from its start to its end. `why`: what it was ended for. */
  async #attempt(job: Job): Promise<{ end: TrainerEnd | null; exported: boolean; why: ProtocolError | null }> {
    const { dir, finder, room, checkMs } = this.#options;
    const nothing = { end: null, exported: false, why: null };
    if (job.request !== null || this.#closing) return nothing;
    await checkResources(dir, room);
    const command = await finder.find();
    const args = await this.#args(job);
    if (job.request !== null || this.#closing) return nothing;
    let exported = false;
    const process = new TrainerProcess(command, args, (event) => {
      if (event.event === 'exported') exported = true;
      job
        .hear(event)
        .catch((err: unknown) => this.#options.log('warn', 'a line of the training log could not be written', { err }));
    });
    if (this.#running !== null) this.#running.process = process;
    let why: ProtocolError | null = null;
    const look = setInterval(() => {
      checkResources(dir, room, process.pid).catch((thrown: unknown) => {
        why ??= toProtocolError(thrown);
        process.stop();
      });
    }, checkMs);
    try {
      return { end: await process.ended, exported, why };
    } finally {
      clearInterval(look);
      if (this.#running !== null) this.#running.process = null;
    }
  }

  async #args({ id, order }: Job): Promise<string[]> {
    const corpora = await Promise.all(order.datasets.map((dataset) => this.#options.findDataset(dataset)));
    const base = order.base === null ? null : await this.#options.findVoice(order.base.id);
    if (base !== null && base.hash !== order.base?.hash)
      throw new ProtocolError('wrong_voice', `${order.base?.id} is no longer the voice that the training started from`);
    return trainerArgs(order, { job: id, out: path.join(this.#folder(id), 'run'), corpora, base: base?.dir ?? null });
  }

  /** The folder that the trainer wrote becomes a voice. */
  async #finish(job: Job): Promise<void> {
    const made = path.join(this.#folder(job.id), 'run', 'voice');
    const hash = await adoptVoice(made, this.#options.voices, { id: job.order.voice, job: job.id });
    this.#options.log('info', 'training finished', { job: job.id, voice: job.order.voice });
    await this.#end(job, 'done', { hash });
  }

  async #end(job: Job, state: 'done' | 'failed' | 'cancelled', more: Parameters<Job['set']>[1] = {}): Promise<void> {
    await job.set(state, more);
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
    for (const job of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) {
      this.#jobs.delete(job.id);
      await rm(this.#folder(job.id), { recursive: true, force: true }).catch(() => undefined);
    }
  }

  #folder(id: string): string {
    return path.join(this.#options.dir, id);
  }
}
