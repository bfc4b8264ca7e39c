import { fork } from 'node:child_process';
import { endWithParent } from '../../util/child-exit.ts';
import { program } from '../../util/program.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import { memoryCeiling, residentBytes } from './rss.ts';

/** What a task process hears, and what it answers. */
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
  /** Milliseconds after which a task hangs. */
  taskMs?: number;
  /** Tasks that may wait; each may hold megabytes. */
  most?: number;
  /** Bytes of memory that the process may take while it has a task, by default memoryCeiling(); more ends it. Only Linux tells. */
  memory?: number;
}

/** Milliseconds between looks at its memory. */
const LOOK_MS = 100;

interface Open {
  resolve: (answer: unknown) => void;
  reject: (error: EngineError) => void;
}

/**
 * Work that most servers never need, in a process of its own: started with the first task, gone when none came for a
 * while. What a stranger's file does to it happens to no clip. Tasks are done one after the other.
 */
export class TaskProcess {
  readonly #options: Required<TaskProcessOptions>;
  #look: NodeJS.Timeout | null = null;
  readonly #open = new Map<number, Open>();
  #child: ReturnType<typeof start> | null = null;
  #idle: NodeJS.Timeout | null = null;
  #last = 0;
  #closed = false;

  constructor(options: TaskProcessOptions) {
    this.#options = { idleMs: 60_000, taskMs: 60_000, most: 16, memory: memoryCeiling(), ...options };
  }

  /** Null while none is needed. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Rejects with an EngineError: what the task failed with, engine_crashed, or engine_unavailable. */
  ask<A>(payload: unknown): Promise<A> {
    const { most, name, taskMs } = this.#options;
    if (this.#closed) return Promise.reject(new EngineError('engine_unavailable', 'the engine is closed'));
    if (this.#open.size >= most)
      return Promise.reject(new EngineError('engine_unavailable', `${most} tasks of ${name} are already waiting`));
    if (this.#idle !== null) clearTimeout(this.#idle);
    const child = this.#child ?? this.#start();
    const task = ++this.#last;
    return new Promise<A>((resolve, reject) => {
      const late = setTimeout(() => child.kill('SIGKILL'), taskMs);
      const settle = (): void => {
        clearTimeout(late);
        this.#open.delete(task);
        if (this.#open.size === 0) this.#rest();
      };
      this.#open.set(task, {
        resolve: (answer) => [settle(), resolve(answer as A)],
        reject: (error) => [settle(), reject(error)],
      });
      this.#watch(child);
      // A child that could not be started has no channel; its `error` or `exit` fails the task.
      if (child.connected) child.send({ task, payload } satisfies Task, () => undefined);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#fail('engine_unavailable', 'the engine is closed');
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  #start(): ReturnType<typeof start> {
    const child = start(this.#options.entry);
    this.#child = child;
    endWithParent(child);
    const over = (reason: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#fail('engine_crashed', `${this.#options.name} ended during this task (${reason})`);
    };
    child.once('error', (error) => over(error.message));
    child.once('exit', (code, signal) => over(signal ?? `exit code ${code}`));
    child.on('message', (message) => {
      const answer = message as Answer;
      const open = this.#open.get(answer.task);
      if (answer.type === 'answer') open?.resolve(answer.answer);
      else open?.reject(new EngineError(answer.code, answer.message));
    });
    return child;
  }

  /** A graph's run blocks the thread it is on, so the process cannot look at itself. */
  #watch(child: ReturnType<typeof start>): void {
    const { memory } = this.#options;
    if (this.#look !== null) return;
    this.#look = setInterval(() => {
      if (child.pid !== undefined && (residentBytes(child.pid) ?? 0) > memory) child.kill('SIGKILL');
    }, LOOK_MS);
  }

  #rest(): void {
    if (this.#look !== null) clearInterval(this.#look);
    this.#look = null;
    if (this.#closed) return;
    this.#idle = setTimeout(() => {
      const child = this.#child;
      this.#child = null;
      child?.kill('SIGKILL');
    }, this.#options.idleMs);
    this.#idle.unref();
  }

  #fail(code: EngineErrorCode, message: string): void {
    for (const { reject } of [...this.#open.values()]) reject(new EngineError(code, message));
  }
}

function start(entry: URL) {
  const { file, execArgv } = program(entry);
  return fork(file, [], {
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
