import { randomBytes } from 'node:crypto';
import { ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Engine, EngineEvent, EngineResult, EngineRun } from '../engine/engine.ts';
import { isWithin } from '../util/folders.ts';
import type { JobEvent, JobEventBus } from './job-events.ts';
import type { Front, Job, JobOrder, OpenJob, Scheduler, SchedulerUsage } from './scheduler.ts';

interface Entry {
  id: string;
  order: JobOrder;
  queuedAt: number;
  /** Milliseconds since 1970. */
  created: number;
  paused: boolean;
  /** Above 0 for jobs that were moved to the front, the last one most. */
  front: Record<Front, number>;
  /** When its last clip began, or it was queued. */
  servedAt: number;
  /** Clips that have begun, the next one's index. */
  begun: number;
  /** Clips that whoever asked has taken, in order. */
  taken: number;
  runs: Map<number, EngineRun>;
  /** Clips made before one with a lower index. */
  made: Map<number, EngineResult>;
  taking: boolean;
  startedAt: number | null;
  /** Why the job shall end before its time. */
  stop: ProtocolError | null;
  resolve: () => void;
  reject: (error: ProtocolError) => void;
  unlisten: () => void;
}

export interface SchedulerOptions {
  engine: Engine;
  bus: JobEventBus;
  maxJobs: number;
  maxClips: number;
  /** Milliseconds; tests give their own. */
  now?: () => number;
  /** 16 hexadecimal digits that cannot be guessed. */
  newId?: () => string;
}

/** Beyond what may wait, so large a share is for clients with at most one of MODEST parts of it waiting. */
const RESERVE = 0.25;
const MODEST = 16;
/** After so many milliseconds without a clip, a job of many clips is served as if it had just come. */
const PATIENCE_MS = 10_000;

/**
 * One queue for everybody. Clients take turns; of a client's jobs the next clip is one of the job that has begun with the
 * fewest, of the oldest such job: so requests of a client for one clip are served in order of arrival, somebody who
 * wants one sound does not wait for another's
 * hundred (first clips have room of their own in the engine), and several such hundreds take turns. Clips of a job are handed over in order, however many are made at
 * once. A job that cannot be queued is refused at once; patient jobs are counted apart, so that they take no room from
 * those that somebody waits for.
 */
export class FairScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #now: () => number;
  /** Jobs that have not ended, in order of arrival. */
  readonly #jobs = new Map<string, Entry>();
  /** Clips that the engine has. */
  readonly #running = { all: 0, urgent: 0 };
  /** When each client was last served, in clips begun since; who is not in it goes first. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #fronts = 0;
  #closing = false;
  #onIdle: (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  submit(order: JobOrder): Job {
    const { maxJobs, maxClips } = this.#options;
    if (this.#closing) throw new ProtocolError('shutting_down', 'the server is shutting down and accepts no more jobs');
    const waiting = this.#waiting().filter((one) => isPatient(one.order) === isPatient(order));
    const clips = clipsOf(waiting);
    // What one client fills the queue with leaves room for those who have little in it.
    const client = clientOf(order);
    const own = waiting.filter((one) => clientOf(one.order) === client);
    const isModest = own.length < Math.max(1, Math.floor(maxJobs / MODEST));
    const room = isModest && own.length < waiting.length ? 1 + RESERVE : 1;
    if (waiting.length >= Math.ceil(maxJobs * room)) {
      throw new ProtocolError('queue_full', `${maxJobs} jobs are already waiting; try again later`);
    }
    if (clips + order.clips.length > Math.ceil(maxClips * room)) {
      throw new ProtocolError('queue_full', `${clips} clips are already waiting; the limit is ${maxClips}`);
    }
    const position = this.#jobs.size;
    const { newId = () => randomBytes(8).toString('hex') } = this.#options;
    const { id = newId(), paused = false } = order;
    const done = new Promise<void>((resolve, reject) => {
      const gone = (): void => void this.#stop(entry, toProtocolError(order.signal.reason));
      const unlisten = (): void => order.signal.removeEventListener('abort', gone);
      const now = this.#now();
      const entry: Entry = {
        id,
        order,
        paused,
        created: Date.now(),
        front: { all: 0, own: 0 },
        queuedAt: now,
        servedAt: now,
        begun: 0,
        taken: 0,
        runs: new Map(),
        made: new Map(),
        taking: false,
        startedAt: null,
        stop: null,
        resolve,
        reject,
        unlisten,
      };
      this.#jobs.set(id, entry);
      order.signal.addEventListener('abort', gone);
      if (order.signal.aborted) queueMicrotask(gone);
    });
    // Whoever asked may be gone before it ends; that must not end the process.
    done.catch(() => undefined);
    this.#tell(this.#jobs.get(id)!, { type: 'queued', owner: order.owner, clips: order.clips.length, position });
    setImmediate(() => {
      // All of it may have been made before.
      const entry = this.#jobs.get(id);
      if (entry !== undefined && order.clips.length === 0) this.#settle(entry);
      this.#next();
    });
    return { id, position, done };
  }

  cancel(job: string): boolean {
    const entry = this.#jobs.get(job);
    return entry !== undefined && this.#stop(entry, new ProtocolError('cancelled', 'the job was cancelled'));
  }

  has(job: string): boolean {
    return this.#jobs.has(job);
  }

  list(): OpenJob[] {
    return [...this.#jobs.values()].map(({ id, order, created, paused, startedAt, taken }) => ({
      id,
      group: order.group ?? null,
      owner: order.owner,
      created,
      clips: order.clips.length,
      made: taken,
      state: paused ? 'paused' : startedAt === null ? 'queued' : 'running',
    }));
  }

  pause(job: string, paused: boolean): boolean {
    const changed = this.#named(job).filter((entry) => entry.paused !== paused);
    for (const entry of changed) {
      entry.paused = paused;
      // A job that stood still is not behind for it.
      entry.servedAt = this.#now();
    }
    if (this.#closing) this.#endPaused();
    else this.#next();
    return changed.length > 0;
  }

  move(job: string, front: Front): boolean {
    const found = this.#named(job);
    this.#fronts += 1;
    for (const entry of found) entry.front[front] = this.#fronts;
    return found.length > 0;
  }

  userOf(voiceDir: string): string | null {
    const user = [...this.#jobs.values()].find(({ order }) =>
      order.clips.some((clip) => isWithin(voiceDir, clip.voiceDir)),
    );
    return user?.id ?? null;
  }

  usage(): SchedulerUsage {
    const waiting = this.#waiting();
    return {
      running: this.#jobs.size - waiting.length,
      waitingJobs: waiting.length,
      waitingClips: clipsOf(waiting),
      maxJobs: this.#options.maxJobs,
      maxClips: this.#options.maxClips,
    };
  }

  /** Takes no more jobs, gives the open ones `ms` to finish, then ends the rest with shutting_down. */
  async drain(ms: number): Promise<void> {
    this.#closing = true;
    if (this.#jobs.size === 0) return;
    const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#endPaused();
    const late = setTimeout(() => {
      for (const entry of [...this.#jobs.values()]) this.#stop(entry, stopped());
    }, ms);
    await idle;
    clearTimeout(late);
  }

  #named(job: string): Entry[] {
    return [...this.#jobs.values()].filter(({ id, order }) => id === job || order.group === job);
  }

  /** Nobody will resume them any more. */
  #endPaused(): void {
    for (const entry of [...this.#jobs.values()]) if (entry.paused) this.#stop(entry, stopped());
  }

  #waiting(): Entry[] {
    return [...this.#jobs.values()].filter(({ startedAt }) => startedAt === null);
  }

  #stop(entry: Entry, error: ProtocolError): boolean {
    if (entry.stop !== null || !this.#jobs.has(entry.id)) return false;
    entry.stop = error;
    for (const run of entry.runs.values()) run.cancel();
    this.#settle(entry);
    return true;
  }

  #next(): void {
    for (let entry = this.#choose(); entry !== null; entry = this.#choose()) this.#begin(entry);
  }

  #choose(): Entry | null {
    const { slots } = this.#options.engine;
    let chosen: Entry | null = null;
    let least: readonly number[] = [Number.POSITIVE_INFINITY];
    for (const entry of this.#jobs.values()) {
      if (entry.stop !== null || entry.paused || entry.begun === entry.order.clips.length) continue;
      if ((this.#isUrgent(entry) ? this.#running.urgent : this.#running.all) >= slots) continue;
      // One clip more than are made at once: the engine goes on while a clip is taken, and results do not pile up.
      if (entry.begun - entry.taken > slots) continue;
      const kind = this.#isUrgent(entry) ? 0 : isPatient(entry.order) ? 2 : 1;
      const { all, own } = entry.front;
      const turn = this.#turns.get(clientOf(entry.order)) ?? 0;
      const rank = [-all, kind, turn, -own, kind === 0 ? 0 : entry.begun];
      if (isBefore(rank, least)) [chosen, least] = [entry, rank];
    }
    return chosen;
  }

  /** The first clip of a job is waited for by somebody: who asked for a hundred has something to hear then. */
  #isUrgent({ begun, servedAt, order }: Entry): boolean {
    if (isPatient(order)) return false;
    return begun === 0 || this.#now() - servedAt >= PATIENCE_MS;
  }

  #begin(entry: Entry): void {
    const urgent = this.#isUrgent(entry);
    this.#turns.set(clientOf(entry.order), ++this.#turn);
    const index = entry.begun++;
    entry.servedAt = this.#now();
    if (entry.startedAt === null) {
      entry.startedAt = entry.servedAt;
      this.#tell(entry, { type: 'started', waitedMs: entry.startedAt - entry.queuedAt });
    }
    this.#running.all += 1;
    if (urgent) this.#running.urgent += 1;
    const clip = { ...entry.order.clips[index]!, urgent };
    const run = this.#options.engine.run(clip, (event) => this.#progress(entry, index, event));
    entry.runs.set(index, run);
    if (entry.stop !== null) run.cancel();
    void run.done
      .then((result) => void entry.made.set(index, result))
      .catch((error: unknown) => void this.#fail(entry, error))
      .then(() => {
        entry.runs.delete(index);
        this.#running.all -= 1;
        if (urgent) this.#running.urgent -= 1;
        void this.#take(entry);
        this.#next();
      });
  }

  /** Hands over what is made and next in turn, one clip after the other. */
  async #take(entry: Entry): Promise<void> {
    if (entry.taking) return;
    entry.taking = true;
    for (;;) {
      const result = entry.made.get(entry.taken);
      if (result === undefined || entry.stop !== null) break;
      entry.made.delete(entry.taken);
      try {
        await entry.order.onClip(entry.taken, result);
        entry.taken += 1;
        this.#next();
      } catch (error) {
        // A clip nobody can take (a full disk) ends the job.
        this.#fail(entry, error);
      }
    }
    entry.taking = false;
    this.#settle(entry);
  }

  #fail(entry: Entry, error: unknown): void {
    entry.stop ??= toProtocolError(error);
    for (const run of entry.runs.values()) run.cancel();
  }

  /** Ends a job of which nothing is going on any more: all of it taken, or stopped. */
  #settle(entry: Entry): void {
    const { stop, runs, taking, taken, order, startedAt } = entry;
    if (!this.#jobs.has(entry.id) || runs.size > 0 || taking) return;
    if (stop === null && taken < order.clips.length) return;
    this.#jobs.delete(entry.id);
    const client = clientOf(order);
    if (![...this.#jobs.values()].some((one) => clientOf(one.order) === client)) this.#turns.delete(client);
    entry.made.clear();
    entry.unlisten();
    if (stop === null) entry.resolve();
    else entry.reject(stop);
    const outcome = stop === null ? 'done' : stop.code === 'cancelled' ? 'cancelled' : 'failed';
    const ranMs = startedAt === null ? 0 : this.#now() - startedAt;
    this.#tell(entry, { type: 'ended', outcome, code: stop?.code ?? null, ranMs });
    if (this.#jobs.size === 0) for (const idle of this.#onIdle.splice(0)) idle();
    this.#next();
  }

  #tell(entry: Entry, event: JobEvent): void {
    try {
      entry.order.onEvent?.(event);
    } catch (error) {
      this.#stop(entry, toProtocolError(error));
    }
    this.#options.bus.publish(entry.id, event);
  }

  #progress(entry: Entry, index: number, event: EngineEvent): void {
    if (entry.stop !== null || event.type === 'started') return;
    // Of streams, which are no jobs.
    if (event.type === 'sound' || event.type === 'changed') return;
    this.#tell(entry, { ...event, index });
  }
}

function stopped(): ProtocolError {
  return new ProtocolError('shutting_down', 'the server stopped before the job was done');
}

function clientOf({ owner, client = owner }: JobOrder): string {
  return client;
}

/** Compares number by number, as words are compared letter by letter. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, i) => value !== other[i]);
  return at >= 0 && one[at]! < (other[at] ?? Number.POSITIVE_INFINITY);
}

function clipsOf(jobs: readonly Entry[]): number {
  return jobs.reduce((sum, { order }) => sum + order.clips.length, 0);
}

function isPatient({ patient = false }: JobOrder): boolean {
  return patient;
}
