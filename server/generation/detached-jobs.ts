import { type EventData, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { clientGone } from '../dispatch/dispatcher.ts';
import type { GenerationContext } from './clip-job.ts';

type Done = EventData<'foley.generate', 'done'>;
type Emit = GenerationContext['emit'];
type EmittedEvent = Parameters<Emit>;

export interface DetachedJobOptions {
  /** Milliseconds that an ended job is remembered. */
  lingerMs?: number;
  /** Jobs, and bytes of sound, that are remembered. */
  most?: number;
  mostBytes?: number;
}

/** A job whose client may come back: what it was told so far, and who hears the rest. */
interface DetachedJob {
  events: EmittedEvent[];
  bytes: number;
  followers: Set<Emit>;
  end: Promise<Done>;
  ended: boolean;
}

/**
 * Jobs that outlive their client's connection (`keep`), and what they told: whoever knows a job's id hears all of it
 * again with `foley.attach`, and then the rest. Previews are not kept: the sound itself is.
 */
export class DetachedJobs {
  readonly #options: Required<DetachedJobOptions>;
  /** Oldest first. */
  readonly #jobs = new Map<string, DetachedJob>();

  constructor(options: DetachedJobOptions = {}) {
    this.#options = { lingerMs: limits.keptMs, most: limits.keptJobs, mostBytes: limits.keptBytes, ...options };
  }

  /**
   * Runs a job as `run` does, in a context that does not end with the connection. Throws queue_full when too many that
   * still run are kept.
   */
  async keep(context: GenerationContext, run: (context: GenerationContext) => Promise<Done>): Promise<Done> {
    this.#evict();
    const { most } = this.#options;
    if (this.#jobs.size >= most) throw new ProtocolError('queue_full', `${most} jobs are kept already`);
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
    const kept: DetachedJob = { events: [], bytes: 0, followers: new Set(), end, ended: false };
    let id: string | null = null;
    const emit = (...told: EmittedEvent): void => {
      context.emit(...told);
      if (told[0] !== 'preview') {
        kept.events.push(told);
        const { pcm } = told[1] as { pcm?: Uint8Array };
        kept.bytes += pcm?.length ?? 0;
      }
      for (const follower of kept.followers) follower(...told);
    };
    const inner: GenerationContext = {
      session: context.session,
      signal: stop.signal,
      setJob: (job) => {
        context.setJob(job);
        id = job;
        this.#jobs.set(job, kept);
      },
      emit: emit as Emit,
    };
    try {
      const done = await run(inner);
      resolve(done);
      return done;
    } catch (error) {
      reject(toProtocolError(error));
      throw error;
    } finally {
      context.signal.removeEventListener('abort', aborted);
      kept.ended = true;
      this.#evict();
      setTimeout(() => id !== null && this.#jobs.delete(id), this.#options.lingerMs).unref();
    }
  }

  /** What a job told, and what it tells until its end. Throws unknown_job. */
  async attach(job: string, emit: Emit, signal: AbortSignal): Promise<Done> {
    const kept = this.#jobs.get(job);
    if (kept === undefined) throw new ProtocolError('unknown_job', 'no job of this id is kept', { path: 'args.job' });
    for (const told of kept.events) emit(...told);
    kept.followers.add(emit);
    let left: (() => void) | null = null;
    const gone = new Promise<never>((_, reject) => {
      left = () => reject(signal.reason);
      signal.addEventListener('abort', left);
    });
    try {
      return await Promise.race([kept.end, gone]);
    } finally {
      kept.followers.delete(emit);
      signal.removeEventListener('abort', left!);
    }
  }

  /** Forgets ended jobs, the oldest first. */
  #evict(): void {
    const { most, mostBytes } = this.#options;
    const bytes = (): number => [...this.#jobs.values()].reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [id, { ended }] of this.#jobs) {
      if (this.#jobs.size < most && bytes() <= mostBytes) return;
      if (ended) this.#jobs.delete(id);
    }
  }
}
