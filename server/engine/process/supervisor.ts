import type { LogLine } from '../../util/log-line.ts';
import type { EndlessChange, EngineEvent, EngineInfo, EngineRequest, EngineResult, EngineRun } from '../engine.ts';
import { EngineError, toEngineError } from '../errors.ts';
import type { FromChild, ToChild } from './messages.ts';
import { withPendingChange } from './pending-stream-change.ts';
import { memoryCeiling } from './rss.ts';
import { type ProcessOptions, startProcess } from './spawn.ts';
import { Watchdog, type WatchdogParts } from './watchdog.ts';

export interface SupervisorOptions {
  /** Threads that each ONNX graph may use. */
  threads: number;
  /** Execution provider for decoder and vocoder; the CPU by default, and if the provider does not work. */
  provider?: string;
  /** Megabytes of memory that voices may take; 512 by default. */
  voiceMemory?: number;
  /** Bytes of memory above which the process is ended. */
  memory?: number;
  log?: LogLine;
  /** Tasks that the process works on at the same time; 1 by default. */
  atOnce?: number;
  /** Called whenever the process could start another task at once. */
  onFree?: () => void;
}

interface Task {
  id: number;
  message: Extract<ToChild, { type: 'load' | 'run' }>;
  on: (event: EngineEvent) => void;
  resolve: (result: EngineResult | null) => void;
  reject: (error: EngineError) => void;
}

/** Delays before a restart, by the number of processes that have exited since a task was last finished. */
const BACKOFF_MS = [100, 200, 400, 800, 1600, 2000];
/** Consecutive starts that never reached `ready`, after which all queued tasks fail. */
const MAX_FAILED_STARTS = 5;
/** A process that is not ready after this time counts as hung. */
const START_MS = 60_000;
/** The scheduler of clips queues far fewer tasks than this. */
const MAX_QUEUED = 1024;

/**
 * Keeps one engine process alive and sends it up to `atOnce` tasks at a time. A crash fails the tasks that were running;
 * queued ones wait for the process that replaces it.
 */
export class EngineSupervisor {
  readonly #startProcess: typeof startProcess;
  readonly #place: ProcessOptions;
  readonly #log: NonNullable<SupervisorOptions['log']>;
  readonly #atOnce: number;
  readonly #onFree: () => void;
  readonly #queue: Task[] = [];
  readonly #running = new Map<number, Task>();
  readonly #watchdogParts: Partial<WatchdogParts>;
  readonly #memory: number;
  #process: ReturnType<typeof startProcess> | null = null;
  #watchdog: Watchdog | null = null;
  /** Why the supervisor ended the process; null if it did not. */
  #endedFor: string | null = null;
  #state: EngineInfo['state'] = 'starting';
  #lastId = 0;
  #restarts = 0;
  #failedStarts = 0;
  #exitsWithoutResult = 0;
  /** Runs until the next start, or until a starting process counts as hung. */
  #timer: NodeJS.Timeout | null = null;
  #status = { provider: '', ortVersion: '', voices: [] as string[], memoryMb: null as number | null };

  #closed: Promise<void> | null = null;

  /** `start` starts a process and `watchdog` checks it; tests pass their own. */
  constructor(
    options: SupervisorOptions,
    start: typeof startProcess = startProcess,
    watchdog: Partial<WatchdogParts> = {},
  ) {
    const { threads, provider = 'cpu', voiceMemory = 512, log, onFree, atOnce = 1 } = options;
    this.#startProcess = start;
    this.#watchdogParts = watchdog;
    this.#place = { provider, threads, voiceMemory };
    this.#memory = options.memory ?? memoryCeiling() + voiceMemory * 2 ** 20;
    this.#log = log ?? (() => undefined);
    this.#atOnce = atOnce;
    this.#onFree = onFree ?? (() => undefined);
    this.#start();
  }

  /** Tasks that it was given and that have not ended. */
  get tasks(): number {
    return this.#running.size + this.#queue.length;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  info(): Omit<EngineInfo, 'lanes'> {
    const { provider, ortVersion, voices, memoryMb } = this.#status;
    const pid = this.#process?.pid ?? null;
    return {
      state: this.#state === 'ready' && this.#watchdog?.isStalled === true ? 'stalled' : this.#state,
      pid,
      restarts: this.#restarts,
      threads: this.#place.threads,
      provider,
      ortVersion,
      voices,
      memoryMb,
    };
  }

  load(voiceDir: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#enqueue({
        id,
        message: { type: 'load', task: id, voiceDir },
        on: () => undefined,
        resolve: () => resolve(),
        reject,
      });
    });
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    const id = ++this.#lastId;
    const done = new Promise<EngineResult>((resolve, reject) => {
      // A run always comes back with a result; only a load has none.
      this.#enqueue({
        id,
        message: { type: 'run', task: id, request },
        on,
        resolve: (result) => resolve(result!),
        reject,
      });
    });
    return { done, cancel: () => this.#cancel(id), steer: (change) => this.#steer(id, change) };
  }

  close(): Promise<void> {
    if (this.#closed === null) {
      this.#state = 'closed';
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#watchdog?.close();
      this.#failAll('the engine is closed');
      this.#closed = this.#process?.stop() ?? Promise.resolve();
      this.#process = null;
    }
    return this.#closed;
  }

  #enqueue(task: Task): void {
    if (this.#state === 'closed') {
      task.reject(new EngineError('engine_unavailable', 'the engine is closed'));
      return;
    }
    if (this.#queue.length >= MAX_QUEUED) {
      task.reject(new EngineError('engine_unavailable', `${MAX_QUEUED} clips are already waiting; try again later`));
      return;
    }
    this.#queue.push(task);
    this.#next();
  }

  #cancel(id: number): void {
    const at = this.#queue.findIndex((task) => task.id === id);
    if (at >= 0) this.#queue.splice(at, 1)[0]?.reject(new EngineError('cancelled', 'the clip was cancelled'));
    else if (this.#running.has(id)) this.#process?.send({ type: 'cancel', task: id });
  }

  #steer(id: number, change: EndlessChange): void {
    const waiting = this.#queue.find((task) => task.id === id)?.message;
    if (waiting?.type === 'run') waiting.request = withPendingChange(waiting.request, change);
    else if (this.#running.has(id)) this.#process?.send({ type: 'steer', task: id, change });
  }

  #next(): void {
    while (this.#state === 'ready' && this.#running.size < this.#atOnce) {
      const task = this.#queue.shift();
      if (task === undefined) {
        this.#onFree();
        return;
      }
      this.#running.set(task.id, task);
      try {
        this.#process?.send(task.message);
      } catch (error) {
        this.#running.delete(task.id);
        task.reject(toEngineError(error));
      }
    }
  }

  #start(): void {
    const started = this.#startProcess(this.#place, {
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => this.#exited(reason),
      onLine: (line) => this.#log('warn', `engine: ${line}`),
    });
    this.#process = started;
    this.#timer = setTimeout(() => started.kill(), START_MS);
  }

  #receive(message: FromChild): void {
    if (this.#state === 'closed') return;
    this.#watchdog?.noteActivity();
    if (message.type === 'ready') {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#status = { ...this.#status, provider: message.provider, ortVersion: message.ortVersion };
      this.#state = 'ready';
      this.#failedStarts = 0;
      this.#watch();
      this.#log('debug', `engine ready, process ${this.#process?.pid}, ${this.#place.threads} threads`);
      const { provider, problems } = message;
      const why = problems[this.#place.provider];
      if (why !== undefined)
        this.#log('warn', `provider ${this.#place.provider} does not work here (${why}): using ${provider}`);
      this.#next();
      return;
    }
    const task = this.#running.get(message.task);
    if (task === undefined) return;
    if (message.type === 'event') {
      try {
        task.on(message.event);
      } catch (error) {
        this.#log('error', `clip event listener threw: ${String(error)}`);
      }
      return;
    }
    Object.assign(this.#status, message.status);
    this.#running.delete(task.id);
    this.#exitsWithoutResult = 0;
    if (message.type === 'failed') task.reject(new EngineError(message.code, message.message));
    else task.resolve(message.type === 'done' ? message.result : null);
    this.#next();
  }

  /** Only once it is ready: until then the time of the start counts. */
  #watch(): void {
    const child = this.#process;
    if (child === null || child.pid === null) return;
    const end = (reason: string): void => {
      this.#endedFor ??= reason;
      child.kill();
    };
    const isBusy = (): boolean => this.#running.size > 0;
    this.#watchdog = new Watchdog({ pid: child.pid, memory: this.#memory, isBusy, end }, this.#watchdogParts);
  }

  #exited(how: string): void {
    if (this.#state === 'closed') return;
    this.#watchdog?.close();
    this.#watchdog = null;
    const reason = this.#endedFor ?? how;
    this.#endedFor = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wasReady = this.#state === 'ready';
    this.#state = 'restarting';
    this.#process = null;
    this.#status = { ...this.#status, voices: [], memoryMb: null };
    this.#failedStarts += wasReady ? 0 : 1;
    this.#restarts += 1;
    const lost = [...this.#running.values()];
    this.#running.clear();
    for (const task of lost)
      task.reject(new EngineError('engine_crashed', `the engine ended during this clip (${reason})`));
    if (this.#failedStarts >= MAX_FAILED_STARTS)
      this.#failAll(`the engine failed to start (${reason}); foleyd doctor says why`);
    const wait = BACKOFF_MS[Math.min(this.#exitsWithoutResult++, BACKOFF_MS.length - 1)]!;
    this.#log('error', `engine ended (${reason}); starting it again in ${wait} ms`);
    this.#timer = setTimeout(() => this.#start(), wait);
  }

  #failAll(message: string): void {
    const tasks = [...this.#running.values(), ...this.#queue.splice(0)];
    this.#running.clear();
    for (const task of tasks) task.reject(new EngineError('engine_unavailable', message));
  }
}
