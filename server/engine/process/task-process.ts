import type { ChildProcess } from 'node:child_process';
import { HangDetector, type HangDetectorOptions } from '../../util/hang-detector.ts';
import { shortageIn } from '../../util/shortage.ts';
import { forkChild } from '../../util/start-child.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { memoryCeiling, residentBytes } from './rss.ts';

/** Messages to a task process, and its answers. */
export interface Task<T = unknown> {
  task: number;
  payload: T;
}

export type Answer<A = unknown> =
  | { task: number; type: 'answer'; answer: A }
  | { task: number; type: 'failed'; code: EngineErrorCode; message: string };

export interface TaskProcessOptions {
  /** Module the process runs; it calls `serveTasks`. */
  entry: URL;
  /** What it is, in messages for people: "the encoder". */
  name: string;
  /** Milliseconds without a task after which the process gives its memory back. */
  idleMs?: number;
  /** Milliseconds after which a task that has begun hangs. */
  taskMs?: number;
  /** Tasks of clients that may wait, and as many of the server's own; each may hold megabytes. */
  most?: number;
  /** Bytes of memory that the process may take while it has a task, by default memoryCeiling(); more ends it. Only Linux tells. */
  memory?: number;
  /** When a process that does nothing is taken for stopped; tests give their own. */
  still?: Partial<HangDetectorOptions>;
}

/** Milliseconds between looks at its memory, and at whether it does anything. */
const LOOK_MS = 100;

/** Whose task it is, where that is a client's: clients take turns. */
export interface Asker {
  client: string;
  /** A task that waits ends with it; one that has begun is done in vain. */
  signal: AbortSignal;
}

interface Open {
  task: Task;
  asker: Asker | null;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

/** Part of the tasks that may wait which one client may have. */
const SHARE = 0.25;

/**
 * A child process for rare work: started by the first task, ended after a while without one. Tasks run one at a time.
 * An untrusted file can crash this process, but no clip.
 */
export class TaskProcess {
  readonly #options: Required<TaskProcessOptions>;
  /** Those that wait, in order of arrival. */
  readonly #waiting: Open[] = [];
  /** Which task of all that have begun was the last one of each client with tasks. */
  readonly #served = new Map<string | null, number>();
  #begun = 0;
  #running: Open | null = null;
  #child: ChildProcess | null = null;
  #hang: HangDetector | null = null;
  /** Why the child was ended, where that was not its own doing. */
  #endedFor: string | null = null;
  #look: NodeJS.Timeout | null = null;
  #late: NodeJS.Timeout | null = null;
  #idle: NodeJS.Timeout | null = null;
  #last = 0;
  #closed = false;

  constructor(options: TaskProcessOptions) {
    this.#options = { idleMs: 60_000, taskMs: 60_000, most: 16, memory: memoryCeiling(), still: {}, ...options };
  }

  /** Null while none is needed. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Rejects with an EngineError: what the task failed with, engine_crashed, engine_unavailable or
   * out_of_resources; and with the reason of the
   * asker's signal. Without an asker it is the server's own, which no client's keep out.
   */
  ask<A>(payload: unknown, asker: Asker | null = null): Promise<A> {
    if (this.#closed) return Promise.reject(new EngineError('engine_unavailable', 'the engine is closed'));
    if (asker?.signal.aborted === true) return Promise.reject(asker.signal.reason as Error);
    const refusal = this.#refusal(asker);
    if (refusal !== null) return Promise.reject(new EngineError('engine_unavailable', refusal));
    return new Promise<A>((resolve, reject) => {
      const leave = (): void => this.#leave(open, asker?.signal.reason);
      const settled = (): void => asker?.signal.removeEventListener('abort', leave);
      const open: Open = {
        task: { task: ++this.#last, payload },
        asker,
        resolve: (answer) => [settled(), resolve(answer as A)],
        reject: (error) => [settled(), reject(error as Error)],
      };
      asker?.signal.addEventListener('abort', leave);
      this.#waiting.push(open);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rest();
    const open = [...(this.#running === null ? [] : [this.#running]), ...this.#waiting.splice(0)];
    this.#running = null;
    for (const { reject } of open) reject(new EngineError('engine_unavailable', 'the engine is closed'));
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  /** Why there is no room for a further task; null where there is. */
  #refusal(asker: Asker | null): string | null {
    const { most, name } = this.#options;
    const rivals = this.#waiting.filter((open) => (open.asker === null) === (asker === null));
    if (rivals.length >= most) return `${most} tasks of ${name} are already waiting; try again later`;
    const own = rivals.filter((open) => clientOf(open) === asker?.client).length;
    const share = Math.max(1, Math.floor(most * SHARE));
    return asker !== null && own >= share
      ? `${share} tasks of ${name} of this client are already waiting; try again later`
      : null;
  }

  #next(): void {
    if (this.#running !== null || this.#closed) return;
    const open = this.#take();
    if (open === null) {
      this.#rest();
      return;
    }
    this.#running = open;
    clearTimeout(this.#idle ?? undefined);
    const child = this.#child ?? this.#start();
    // Counted from here: one that waits for others does not hang.
    clearTimeout(this.#late ?? undefined);
    const { taskMs } = this.#options;
    this.#late = setTimeout(() => this.#kill(`it took more than ${taskMs / 1000} s`), taskMs);
    this.#hang?.noteActivity();
    this.#watch();
    // A child that could not be started has no channel; its `error` or `exit` fails the task.
    if (child.connected) child.send(open.task, () => undefined);
  }

  /** The oldest task of who was served longest ago; every second time the oldest of all, so that newcomers keep nobody waiting. */
  #take(): Open | null {
    const clients = new Set(this.#waiting.map(clientOf));
    for (const client of this.#served.keys()) if (!clients.has(client)) this.#served.delete(client);
    const servedAt = (open: Open): number => this.#served.get(clientOf(open)) ?? 0;
    const least = this.#begun % 2 === 1 ? null : Math.min(...this.#waiting.map(servedAt));
    const at = this.#waiting.findIndex((open) => least === null || servedAt(open) === least);
    const [open = null] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (open !== null) this.#served.set(clientOf(open), ++this.#begun);
    return open;
  }

  #leave(open: Open, reason: unknown): void {
    const at = this.#waiting.indexOf(open);
    if (at >= 0) this.#waiting.splice(at, 1);
    open.reject(reason);
  }

  #end(settle: (open: Open) => void): void {
    const open = this.#running;
    this.#running = null;
    if (open !== null) settle(open);
    this.#next();
  }

  #start(): ChildProcess {
    const child = forkChild(this.#options.entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#endedFor = null;
    this.#hang =
      child.pid === undefined ? null : new HangDetector(child.pid, { lookMs: LOOK_MS, ...this.#options.still });
    const { name } = this.#options;
    const over = (code: EngineErrorCode, message: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#end(({ reject }) => reject(new EngineError(code, message)));
    };
    const crashed = (reason: string): void => over('engine_crashed', `${name} ended during this task (${reason})`);
    child.once('error', (error) => {
      const short = child.pid === undefined ? shortageIn(error) : null;
      if (short === null) crashed(error.message);
      else over('out_of_resources', `${name} could not be started: ${short}`);
    });
    child.once('exit', (code, signal) => crashed(this.#endedFor ?? signal ?? `exit code ${code}`));
    child.on('message', (message) => {
      const answer = message as Answer;
      if (answer.task !== this.#running?.task.task) return;
      this.#end(({ resolve, reject }) => {
        if (answer.type === 'answer') resolve(answer.answer);
        else reject(new EngineError(answer.code, answer.message));
      });
    });
    return child;
  }

  /** A graph's run blocks the thread it is on, so the process cannot look at itself. */
  #watch(): void {
    const { memory, still } = this.#options;
    this.#look ??= setInterval(() => {
      const pid = this.#child?.pid;
      if (pid === undefined) return;
      const seen = this.#hang?.look();
      if ((residentBytes(pid) ?? 0) > memory)
        this.#kill(`it took more than ${Math.round(memory / 2 ** 20)} MiB of memory`);
      else if (seen?.isOver === true) this.#kill(`it did nothing for ${seen.patience / 1000} s`);
    }, still.lookMs ?? LOOK_MS);
  }

  #kill(why: string): void {
    this.#endedFor ??= why;
    this.#child?.kill('SIGKILL');
  }

  /** It has nothing to do. */
  #rest(): void {
    clearInterval(this.#look ?? undefined);
    clearTimeout(this.#late ?? undefined);
    clearTimeout(this.#idle ?? undefined);
    this.#look = null;
    if (this.#closed) return;
    this.#idle = setTimeout(() => {
      const child = this.#child;
      this.#child = null;
      child?.kill('SIGKILL');
    }, this.#options.idleMs);
    this.#idle.unref();
  }
}

/** Null is the server itself. */
function clientOf({ asker }: Open): string | null {
  return asker?.client ?? null;
}
