import { randomBytes } from 'node:crypto';
import { ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Bus } from '../bus.ts';
import type { Engine, EngineEvent, EngineRun } from '../engine/engine.ts';
import type { Job, JobOrder, Scheduler, SchedulerUsage } from './scheduler.ts';

interface Entry {
  id: string;
  order: JobOrder;
  queuedAt: number;
  /** Why the job shall end before its time. */
  stop: ProtocolError | null;
  run: EngineRun | null;
  resolve: () => void;
  reject: (error: ProtocolError) => void;
  unlisten: () => void;
}

export interface FifoOptions {
  engine: Engine;
  bus: Bus;
  maxJobs: number;
  maxClips: number;
}

/**
 * One queue for everybody, strictly in order of arrival: a job starts when every job accepted before it has ended, and
 * a job of many clips is one job, not interleaved with others. The engine makes one clip at a time, so a second job
 * could only slow the first one down. A job that cannot be queued is refused at once.
 */
export class FifoScheduler implements Scheduler {
  readonly #options: FifoOptions;
  readonly #jobs = new Map<string, Entry>();
  readonly #waiting: Entry[] = [];
  #running: Entry | null = null;
  #closing = false;
  #onIdle: (() => void)[] = [];

  constructor(options: FifoOptions) {
    this.#options = options;
  }

  submit(order: JobOrder): Job {
    const { maxJobs, maxClips } = this.#options;
    if (this.#closing) throw new ProtocolError('shutting_down', 'the server is stopping and takes no more jobs');
    if (this.#waiting.length >= maxJobs) {
      throw new ProtocolError('queue_full', `${maxJobs} jobs are waiting already; try again later`);
    }
    const clips = this.#waitingClips();
    if (clips + order.clips.length > maxClips) {
      throw new ProtocolError('queue_full', `${clips} clips are waiting already, at most ${maxClips} may`);
    }
    const position = this.#waiting.length + (this.#running === null ? 0 : 1);
    const id = randomBytes(8).toString('hex');
    const done = new Promise<void>((resolve, reject) => {
      const gone = (): void => void this.#stop(entry, toProtocolError(order.signal.reason));
      const unlisten = (): void => order.signal.removeEventListener('abort', gone);
      const entry: Entry = { id, order, queuedAt: performance.now(), stop: null, run: null, resolve, reject, unlisten };
      this.#jobs.set(id, entry);
      this.#waiting.push(entry);
      order.signal.addEventListener('abort', gone);
      if (order.signal.aborted) queueMicrotask(gone);
    });
    // Whoever asked may be gone before it ends; that must not end the process.
    done.catch(() => undefined);
    this.#options.bus.publish(id, { type: 'queued', owner: order.owner, clips: order.clips.length, position });
    setImmediate(() => this.#next());
    return { id, position, done };
  }

  cancel(job: string): boolean {
    const entry = this.#jobs.get(job);
    return entry !== undefined && this.#stop(entry, new ProtocolError('cancelled', 'the job was cancelled'));
  }

  has(job: string): boolean {
    return this.#jobs.has(job);
  }

  usage(): SchedulerUsage {
    return {
      running: this.#running === null ? 0 : 1,
      waitingJobs: this.#waiting.length,
      waitingClips: this.#waitingClips(),
      maxJobs: this.#options.maxJobs,
      maxClips: this.#options.maxClips,
    };
  }

  /** Takes no more jobs, gives the open ones `ms` to finish, then ends the rest with shutting_down. */
  async drain(ms: number): Promise<void> {
    this.#closing = true;
    if (this.#jobs.size === 0) return;
    const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    const late = setTimeout(() => {
      const error = new ProtocolError('shutting_down', 'the server stopped before the job was done');
      for (const entry of [...this.#jobs.values()]) this.#stop(entry, error);
    }, ms);
    await idle;
    clearTimeout(late);
  }

  #waitingClips(): number {
    return this.#waiting.reduce((sum, { order }) => sum + order.clips.length, 0);
  }

  #stop(entry: Entry, error: ProtocolError): boolean {
    if (entry.stop !== null || !this.#jobs.has(entry.id)) return false;
    entry.stop = error;
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.#end(entry, error, 0);
    } else {
      entry.run?.cancel();
    }
    return true;
  }

  #next(): void {
    if (this.#running !== null) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) return;
    this.#running = entry;
    const started = performance.now();
    this.#options.bus.publish(entry.id, { type: 'started', waitedMs: started - entry.queuedAt });
    void this.#make(entry)
      .then(() => null, toProtocolError)
      .then((error) => {
        this.#running = null;
        this.#end(entry, error, performance.now() - started);
        this.#next();
      });
  }

  async #make(entry: Entry): Promise<void> {
    const { clips, onClip } = entry.order;
    let handled: Promise<void> = Promise.resolve();
    try {
      for (const [index, request] of clips.entries()) {
        if (entry.stop !== null) throw entry.stop;
        entry.run = this.#options.engine.run(request, (event) => this.#progress(entry, index, event));
        const result = await entry.run.done;
        if (entry.stop !== null) throw entry.stop;
        await handled;
        handled = onClip(index, result);
        // A clip nobody can take (a full disk) stops the one being made for the same job.
        handled.catch((error: unknown) => {
          entry.stop ??= toProtocolError(error);
          entry.run?.cancel();
        });
      }
      await handled;
    } catch (error) {
      await handled.catch(() => undefined);
      throw entry.stop ?? error;
    }
    if (entry.stop !== null) throw entry.stop;
  }

  #progress(entry: Entry, index: number, event: EngineEvent): void {
    if (entry.stop !== null || event.type === 'started') return;
    this.#options.bus.publish(entry.id, { ...event, index });
  }

  #end(entry: Entry, error: ProtocolError | null, ranMs: number): void {
    this.#jobs.delete(entry.id);
    entry.unlisten();
    if (error === null) entry.resolve();
    else entry.reject(error);
    const outcome = error === null ? 'done' : error.code === 'cancelled' ? 'cancelled' : 'failed';
    this.#options.bus.publish(entry.id, { type: 'ended', outcome, code: error?.code ?? null, ranMs });
    if (this.#jobs.size === 0) for (const idle of this.#onIdle.splice(0)) idle();
  }
}
