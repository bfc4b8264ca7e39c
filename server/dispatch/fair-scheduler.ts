import { ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Engine, EngineEvent, EngineResult, EngineRun } from '../engine/engine.ts';
import { isWithin } from '../util/folders.ts';
import { newId } from '../util/new-id.ts';
import { ClipTurns, type QueuedJob } from './clip-turns.ts';
import type { JobEvent, JobEventBus } from './job-events.ts';
import { checkQueueLimits, clipsOf, type QueueLimits } from './queue-limits.ts';
import {
  clientOf,
  type Front,
  type Job,
  type JobOrder,
  type OpenJob,
  type Scheduler,
  type SchedulerUsage,
} from './scheduler.ts';

interface Entry extends QueuedJob {
  id: string;
  order: JobOrder;
  queuedAt: number;
  /** Milliseconds since 1970. */
  created: number;
  runs: Map<number, EngineRun>;
  /** Clips made before one with a lower index. */
  made: Map<number, EngineResult>;
  taking: boolean;
  startedAt: number | null;
  stop: ProtocolError | null;
  resolve: () => void;
  reject: (error: ProtocolError) => void;
  unlisten: () => void;
}

export interface SchedulerOptions extends QueueLimits {
  engine: Engine;
  bus: JobEventBus;
  /** Milliseconds; tests give their own. */
  now?: () => number;
  /** Ids as `newId` makes them. */
  newId?: () => string;
}

/**
 * One queue for everybody, in the order of clip-turns.ts. Clips of a job are handed over in order, however many are made at
 * once. A job that cannot be queued is refused at once (queue-limits.ts).
 */
export class FairScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #now: () => number;
  /** Jobs that have not ended, in order of arrival. */
  readonly #jobs = new Map<string, Entry>();
  /** Clips that the engine has. */
  readonly #running = { all: 0, urgent: 0 };
  readonly #turns: ClipTurns;
  #closing = false;
  #onIdle: (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#turns = new ClipTurns(this.#now);
  }

  submit(order: JobOrder): Job {
    if (this.#closing) throw new ProtocolError('shutting_down', 'the server is shutting down and accepts no more jobs');
    checkQueueLimits(order, this.#waiting(), this.#options);
    const position = this.#jobs.size;
    const { newId: own = newId } = this.#options;
    const { id = own(), paused = false } = order;
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
    this.#turns.toFront(found, front);
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

  #waiting(): JobOrder[] {
    return [...this.#jobs.values()].filter(({ startedAt }) => startedAt === null).map(({ order }) => order);
  }

  #stop(entry: Entry, error: ProtocolError): boolean {
    if (entry.stop !== null || !this.#jobs.has(entry.id)) return false;
    entry.stop = error;
    for (const run of entry.runs.values()) run.cancel();
    this.#settle(entry);
    return true;
  }

  #next(): void {
    const { slots } = this.#options.engine;
    for (;;) {
      const entry = this.#turns.next(this.#jobs.values(), slots, this.#running);
      if (entry === null) return;
      this.#begin(entry);
    }
  }

  #begin(entry: Entry): void {
    const urgent = this.#turns.isUrgent(entry);
    this.#turns.begin(entry);
    const index = entry.begun++;
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
    if (![...this.#jobs.values()].some((one) => clientOf(one.order) === client)) this.#turns.forget(client);
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
