import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { settleAside, writeAtomic } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';
import { appendLine, readJsonLines } from '../util/json-lines.ts';
import type { LogLine } from '../util/log-line.ts';
import { isId } from '../util/new-id.ts';
import { PersistentFile, readIfThere, readList } from '../util/persistent-file.ts';
import { SerialQueues } from '../util/serial-queue.ts';

/** An accepted job as it is stored; written before `accepted` is sent. */
export interface JobRecord {
  job: string;
  cmd: string;
  /** Milliseconds since 1970. */
  created: number;
  paused: boolean;
  /** Starts of a server that took it up and did not get further with it. */
  tries: number;
  /** How far it was at the last start. */
  made: number;
  /** What is to be made, in the words of whoever takes it up. */
  order: unknown;
}

export interface RestoredJob {
  record: JobRecord;
  /** What was noted of it, in order. */
  notes: Record<string, unknown>[];
}

const FORMAT = 'foleyd-job';
const FILE = /^([0-9a-f]{16})\.(json|log)$/;
const RUN = /^[0-9a-f]{4}$/;
/** Runs of the server whose job ids are recognised. */
const RUNS = 256;
/** A job that stops the server each time it is taken up is given up. */
const MAX_TRIES = 3;

/**
 * Jobs that are taken up again after a restart: `<dir>/<job>.json` is the order, written whole before the job is accepted,
 * `<dir>/<job>.log` is what was done of it, a line each. Both are removed when the job ends. Ids of jobs begin with four
 * digits of the server's run, so that a job of an earlier run is known to be one.
 */
export class JobJournal {
  readonly #dir: string;
  readonly #log: LogLine;
  readonly #records = new Map<string, JobRecord>();
  /** Those of which the order is not on the disk yet. */
  readonly #unwritten = new Set<string>();
  readonly #queues = new SerialQueues();
  #run = randomBytes(2).toString('hex');
  #earlier = new Set<string>();
  #closing = false;

  constructor(dir: string, log: LogLine) {
    this.#dir = dir;
    this.#log = log;
  }

  newId(): string {
    return this.#run + randomBytes(6).toString('hex');
  }

  /** Whether an id is of a job of an earlier run of the server. */
  isEarlier(job: string): boolean {
    return isId(job) && this.#earlier.has(job.slice(0, 4));
  }

  /** Whether a restart would take it up. */
  has(job: string): boolean {
    return this.#records.has(job) && !this.#unwritten.has(job);
  }

  /**
   * What an earlier server left. Never rejects: what makes no sense is told, and set aside.
   * @param progressOf how far a job is
   */
  async restore(progressOf: (job: RestoredJob) => number): Promise<RestoredJob[]> {
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      await this.#beginRun();
      const names = await readdir(this.#dir);
      const found: RestoredJob[] = [];
      for (const name of names.sort()) {
        if (/^\..*\.tmp$/.test(name)) await rm(path.join(this.#dir, name), { force: true });
        const [, job, kind] = FILE.exec(name) ?? [];
        if (job === undefined) continue;
        if (kind === 'json') found.push(...(await this.#restoreOne(job, progressOf)));
        else if (!names.includes(`${job}.json`)) await rm(this.#path(job, 'log'), { force: true });
      }
      return found.sort((a, b) => a.record.created - b.record.created);
    } catch (error) {
      this.#log('warn', 'the jobs of an earlier run cannot be read', { err: error });
      return [];
    }
  }

  /** Rejects with io_error; then the job must not be accepted. */
  async begin(job: string, cmd: string, order: unknown): Promise<void> {
    const record: JobRecord = { job, cmd, created: Date.now(), paused: false, tries: 0, made: 0, order };
    // Known from now on: it may be paused, or end, before it is written.
    this.#records.set(job, record);
    this.#unwritten.add(job);
    try {
      await this.#queues.run(job, () => this.#write(record));
    } catch (cause) {
      this.#records.delete(job);
      throw new ProtocolError('io_error', `the job could not be recorded: ${diskReason(cause)}`, { cause });
    } finally {
      this.#unwritten.delete(job);
    }
  }

  /** Adds a line. Rejects with io_error. */
  note(job: string, line: Record<string, unknown>): Promise<void> {
    return this.#queues.run(job, async () => {
      try {
        await appendLine(this.#path(job, 'log'), JSON.stringify(line), { sync: true, mode: 0o600 });
      } catch (cause) {
        throw new ProtocolError('io_error', `the job could not be recorded: ${diskReason(cause)}`, { cause });
      }
    });
  }

  async pause(job: string, paused: boolean): Promise<void> {
    const record = this.#records.get(job);
    if (record === undefined || record.paused === paused) return;
    record.paused = paused;
    await this.#queues
      .run(job, async () => {
        // Not one that has ended, or could not be recorded, meanwhile.
        if (this.#records.get(job) === record) await this.#write(record);
      })
      .catch((error: unknown) => this.#log('warn', `the pause of job ${job} could not be recorded`, { err: error }));
  }

  /** Runs a job, and forgets it at its end; of those that end because the server stops, nothing is forgotten. */
  async during<T>(job: string, work: () => Promise<T>): Promise<T> {
    let isDone = false;
    try {
      const result = await work();
      isDone = true;
      return result;
    } finally {
      if (isDone || !this.#closing) await this.#forget(job);
    }
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** The server stops: jobs that end from now on are taken up by the next one. */
  close(): void {
    this.#closing = true;
  }

  async #forget(job: string): Promise<void> {
    this.#records.delete(job);
    await this.#queues
      .run(job, async () => {
        // The order first: a log alone is nothing.
        await rm(this.#path(job, 'json'), { force: true });
        await rm(this.#path(job, 'log'), { force: true });
      })
      .catch((error: unknown) =>
        this.#log('warn', `job ${job} has ended, and its record could not be removed`, { err: error }),
      );
  }

  async #restoreOne(job: string, progressOf: (job: RestoredJob) => number): Promise<RestoredJob[]> {
    const file = this.#path(job, 'json');
    try {
      const record = readRecord(await readFile(file, 'utf8'), job);
      const log = (await readIfThere(this.#path(job, 'log'))) ?? '';
      const notes = readJsonLines(log, (value) =>
        typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [],
      );
      const found = { record, notes };
      const made = progressOf(found);
      Object.assign(record, { tries: made > record.made ? 1 : record.tries + 1, made });
      if (record.tries > MAX_TRIES) throw new Error(`${MAX_TRIES} servers resumed it without progress`);
      await this.#write(record);
      this.#records.set(job, record);
      return [found];
    } catch (error) {
      // What the disk would not give, or take, is no damage: with a full one every job would be lost for good.
      if (error instanceof Error && 'syscall' in error) {
        this.#log('warn', `job ${job} of an earlier run is not resumed now; the next start tries again`, {
          err: error,
        });
        return [];
      }
      const aside = await settleAside(file).catch(() => null);
      this.#log('warn', `job ${job} of an earlier run is not resumed; its record is ${aside ?? file}`, { err: error });
      return [];
    }
  }

  async #beginRun(): Promise<void> {
    const file = new PersistentFile(path.join(this.#dir, 'runs.json'), this.#log);
    const known = ((await file.read(readList)) ?? []).filter((run) => typeof run === 'string' && RUN.test(run));
    this.#earlier = new Set(known as string[]);
    while (this.#earlier.has(this.#run)) this.#run = randomBytes(2).toString('hex');
    await file.write(`${JSON.stringify([...this.#earlier, this.#run].slice(-RUNS))}\n`);
  }

  async #write(record: JobRecord): Promise<void> {
    await writeAtomic(
      this.#path(record.job, 'json'),
      `${JSON.stringify({ format: FORMAT, version: 1, ...record })}\n`,
      0o600,
    );
  }

  #path(job: string, kind: 'json' | 'log'): string {
    return path.join(this.#dir, `${job}.${kind}`);
  }
}

function readRecord(text: string, job: string): JobRecord {
  const value = JSON.parse(text) as JobRecord & { format?: unknown; version?: unknown };
  const { format, version, ...record } = value;
  if (format !== FORMAT || version !== 1) throw new Error('it is not a job record of this version');
  const { cmd, created, paused, tries, made, order } = record;
  const isRecord =
    record.job === job && typeof cmd === 'string' && typeof paused === 'boolean' && typeof order === 'object';
  if (!isRecord || ![created, tries, made].every(Number.isFinite)) throw new Error('it is damaged');
  return { job, cmd, created, paused, tries, made, order };
}
