import { type EventData, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { clientGone } from '../dispatch/dispatcher.ts';
import type { GenerationContext } from './context.ts';

type Done = EventData<'foley.generate', 'done'>;
type Emit = GenerationContext['emit'];
type EmittedEvent = Parameters<Emit>;

export interface DetachedJobOptions {
  /** Milliseconds that an ended job is remembered. */
  lingerMs?: number;
  /** Jobs, and bytes of sound, that are remembered. */
  most?: number;
  maxBytes?: number;
  /** Whether a job was one of an earlier run of the server. */
  isEarlier?: (job: string) => boolean;
}

/** A job whose client may come back: the events so far, and the followers of the rest. */
interface DetachedJob {
  events: EmittedEvent[];
  bytes: number;
  followers: Set<Emit>;
  /** Ends the job while it runs. */
  stop: (reason: ProtocolError) => void;
  end: Promise<Done>;
  /** Forgets it when it has been over for long enough; null while it runs. */
  timer: NodeJS.Timeout | null;
}

/**
 * Jobs that outlive their client's connection (`keep`), and their events: a client that knows a job's id receives all of them
 * again with `foley.attach`, and then the rest. Previews are not stored, the final audio is. Their bytes have one bound
 * for all: ended jobs are forgotten first, then the largest that runs is ended.
 */
export class DetachedJobs {
  readonly #options: Required<DetachedJobOptions>;
  /** Oldest first. */
  readonly #jobs = new Map<string, DetachedJob>();
  /** Those that have no id yet: an order is written to the disk before it is a job. */
  #starting = 0;

  constructor(options: DetachedJobOptions = {}) {
    this.#options = {
      lingerMs: limits.keptMs,
      most: limits.keptJobs,
      maxBytes: limits.keptBytes,
      isEarlier: () => false,
      ...options,
    };
  }

  /**
   * Runs a job as `run` does, in a context that does not end with the connection. Throws queue_full when too many that
   * still run are kept, and too_large where it would hold more than all may.
   * @param expected bytes of sound that it will hold
   */
  async keep(
    context: GenerationContext,
    run: (context: GenerationContext) => Promise<Done>,
    expected = 0,
  ): Promise<Done> {
    this.#evict();
    const { most, maxBytes } = this.#options;
    if (expected > maxBytes) throw tooLarge(expected, maxBytes);
    if (this.#jobs.size + this.#starting >= most)
      throw new ProtocolError('queue_full', `${most} jobs with keep are already stored; try again later`);
    const stop = new AbortController();
    const aborted = (): void => {
      if (context.signal.reason !== clientGone) stop.abort(context.signal.reason);
    };
    context.signal.addEventListener('abort', aborted);
    if (context.signal.aborted) aborted();
    let resolve: (done: Done) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const end = new Promise<Done>((onDone, onFailed) => ([resolve, reject] = [onDone, onFailed]));
    end.catch(() => undefined);
    const detached: DetachedJob = {
      events: [],
      bytes: 0,
      followers: new Set(),
      end,
      timer: null,
      stop: (reason) => stop.abort(reason),
    };
    let id: string | null = null;
    this.#starting += 1;
    const emit = (...event: EmittedEvent): void => {
      context.emit(...event);
      if (event[0] !== 'preview' && !stop.signal.aborted) {
        detached.events.push(event);
        detached.bytes += bytesOf(event);
        this.#bound();
      }
      for (const follower of detached.followers) follower(...event);
    };
    const inner: GenerationContext = {
      session: context.session,
      signal: stop.signal,
      setJob: (job) => {
        context.setJob(job);
        if (id === null) this.#starting -= 1;
        id = job;
        this.#jobs.set(job, detached);
      },
      emit: emit as Emit,
    };
    try {
      const done = await run(inner);
      resolve(done);
      return done;
    } catch (error) {
      // What it held is not told to anybody any more.
      if (stop.signal.aborted) detached.events = [];
      reject(toProtocolError(error));
      throw error;
    } finally {
      context.signal.removeEventListener('abort', aborted);
      const known = id as string | null;
      if (known === null) this.#starting -= 1;
      else this.#remember(known, detached);
      this.#evict();
    }
  }

  /** Emits the events of a job so far, then those until its end. Throws unknown_job. */
  async attach(job: string, emit: Emit, signal: AbortSignal): Promise<Done> {
    const detached = this.#jobs.get(job);
    if (detached === undefined && this.#options.isEarlier(job))
      throw new ProtocolError('restarted', undefined, { path: 'args.job' });
    if (detached === undefined)
      throw new ProtocolError(
        'unknown_job',
        'no job with this id is kept: it was requested without keep, ended too long ago, or the id is wrong; job.list lists the open jobs',
        { path: 'args.job' },
      );
    for (const event of detached.events) emit(...event);
    detached.followers.add(emit);
    let left: (() => void) | null = null;
    const gone = new Promise<never>((_, reject) => {
      left = () => reject(signal.reason);
      signal.addEventListener('abort', left);
    });
    try {
      return await Promise.race([detached.end, gone]);
    } finally {
      detached.followers.delete(emit);
      signal.removeEventListener('abort', left!);
    }
  }

  /** By a function of its own: one made where the job ran would keep its client's connection for as long. */
  #remember(id: string, detached: DetachedJob): void {
    detached.stop = () => undefined;
    detached.timer = setTimeout(() => this.#forget(id), this.#options.lingerMs).unref();
  }

  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#jobs.values()) sum += bytes;
    return sum;
  }

  /** The largest of those that run makes room for the others. */
  #bound(): void {
    const { maxBytes } = this.#options;
    if (this.bytes <= maxBytes) return;
    this.#evict();
    if (this.bytes <= maxBytes) return;
    const [largest] = [...this.#jobs.values()].sort((a, b) => b.bytes - a.bytes);
    largest!.stop(tooLarge(largest!.bytes, maxBytes));
    Object.assign(largest!, { events: [], bytes: 0 });
  }

  /** Forgets ended jobs, the oldest first. */
  #evict(): void {
    const { most, maxBytes } = this.#options;
    for (const [id, { timer }] of this.#jobs) {
      if (this.#jobs.size + this.#starting < most && this.bytes <= maxBytes) return;
      if (timer !== null) this.#forget(id);
    }
  }

  #forget(id: string): void {
    const timer = this.#jobs.get(id)?.timer ?? null;
    // It would hold on to all that the job has, for as long as it may be remembered.
    if (timer !== null) clearTimeout(timer);
    this.#jobs.delete(id);
  }
}

/** What an event takes in memory, roughly: numbers and objects beside the sound count as well. */
function bytesOf([, data]: EmittedEvent): number {
  const { pcm, codes } = data as { pcm?: Uint8Array; codes?: readonly number[] };
  return 256 + (pcm?.length ?? 0) + (codes?.length ?? 0) * 8;
}

function tooLarge(bytes: number, most: number): ProtocolError {
  const message = `a job with keep of ${bytes} bytes is too large; all of them together may have ${most}: request fewer or shorter clips, or no audio`;
  return new ProtocolError('too_large', message);
}
