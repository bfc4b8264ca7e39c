import { availableParallelism, freemem } from 'node:os';
import type {
  EndlessChange,
  Engine,
  EngineEvent,
  EngineInfo,
  EngineRequest,
  EngineResult,
  EngineRun,
} from '../engine.ts';
import { EngineError } from '../errors.ts';
import { FreshEvents } from '../fresh-events.ts';
import { isStream, type Lane, laneFor, type Task, TOGETHER } from './lane.ts';
import { withPendingChange } from './pending-stream-change.ts';
import { EngineSupervisor, type SupervisorOptions } from './supervisor.ts';

export interface EngineOptions {
  /**
   * That render in each process. The codes do not depend on it, the sound may: of the voices of models/fixtures it has other
   * bits with two than with one, of the default voice the same (measured).
   */
  threads?: number;
  /** Processes that make clips side by side; by default one for two cores, four at most. */
  lanes?: number;
  /** Where decoder and vocoder run, if it works there; the CPU by default. */
  provider?: string;
  /** Megabytes of memory that voices may take in each process. */
  voiceMemory?: number;
  /** Starts the first process when it is needed, not at once: for programs that may make no clip. */
  onDemand?: boolean;
  log?: SupervisorOptions['log'];
}

/** What a test may put in place of the machine. */
export interface PoolParts {
  start?: (options: SupervisorOptions) => EngineSupervisor;
  /** Bytes. */
  freeMemory?: () => number;
  idleMs?: number;
}

const MAX_LANES = 4;
/** Of a lane that keep a core busy: one samples, one renders. */
const THREADS = 2;
/** Streams that a server may allow at a time. */
export const STREAMS_MAX = 16;
/** Waiting clips; whoever schedules them keeps far fewer here. */
const MAX_QUEUED = 1024;
/** A further lane that had nothing to do for so long gives its memory back. */
const IDLE_MS = 120_000;
/** Starts of a further lane that may fail before the pool does without it. */
const PATIENCE = 3;

export function createEngine(options: EngineOptions = {}): Engine {
  return new EnginePool(options);
}

/**
 * Several engine processes (lanes), each sampling a few clips together. The first is always there; the others start
 * when a clip does not have a lane to itself, and go when there was no use for them for a while. Clips that hurry have
 * their own room, so that they begin at once however many others are made.
 */
export class EnginePool implements Engine {
  readonly #options: EngineOptions;
  readonly #parts: Required<PoolParts>;
  readonly #lanes: Lane[] = [];
  readonly #waiting: Task[] = [];
  readonly #threads: number;
  #maxLanes: number;
  #closed: Promise<void> | null = null;

  constructor(options: EngineOptions = {}, parts: PoolParts = {}) {
    this.#options = options;
    this.#parts = {
      start: (supervisor) => new EngineSupervisor(supervisor),
      freeMemory: freemem,
      idleMs: IDLE_MS,
      ...parts,
    };
    this.#threads = options.threads ?? 1;
    this.#maxLanes = options.lanes ?? Math.min(MAX_LANES, Math.max(1, Math.floor(availableParallelism() / THREADS)));
    if (options.onDemand !== true) this.#open();
  }

  get slots(): number {
    return this.#maxLanes * TOGETHER;
  }

  info(): EngineInfo {
    const all = this.#lanes.map(({ supervisor }) => supervisor.info());
    const [first] = all;
    const known = all.map(({ memoryMb }) => memoryMb).filter((memory) => memory !== null);
    return {
      ...(first ?? this.#notStarted()),
      ...(all.some(({ state }) => state === 'stalled') ? { state: 'stalled' as const } : {}),
      lanes: { open: all.length, most: this.#maxLanes },
      restarts: all.reduce((sum, { restarts }) => sum + restarts, 0),
      memoryMb: known.length === 0 ? null : known.reduce((sum, memory) => sum + memory, 0),
    };
  }

  /** The first lane's answer; the others load what they are asked to make. */
  load(voiceDir: string): Promise<void> {
    if (this.#lanes.length === 0 && this.#closed === null) this.#open();
    if (this.#lanes.length === 0) return Promise.reject(new EngineError('engine_unavailable', 'the engine is closed'));
    return this.#lanes[0]!.supervisor.load(voiceDir);
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    let task!: Task;
    const done = new Promise<EngineResult>((resolve, reject) => {
      task = { request, on, resolve, reject, run: null, fresh: new FreshEvents(), company: false, alone: false };
    });
    if (this.#closed !== null) task.reject(new EngineError('engine_unavailable', 'the engine is closed'));
    else if (this.#waiting.length >= MAX_QUEUED)
      task.reject(new EngineError('engine_unavailable', `${MAX_QUEUED} clips are already waiting; try again later`));
    else this.#wait(task);
    if (this.#lanes.length === 0 && this.#closed === null) this.#open();
    this.#next();
    return { done, cancel: () => this.#cancel(task), steer: (change) => this.#steer(task, change) };
  }

  close(): Promise<void> {
    if (this.#closed === null) {
      const error = new EngineError('engine_unavailable', 'the engine is closed');
      for (const task of this.#waiting.splice(0)) task.reject(error);
      for (const { idle } of this.#lanes) clearTimeout(idle ?? undefined);
      this.#closed = Promise.all(this.#lanes.map(({ supervisor }) => supervisor.close())).then(() => undefined);
    }
    return this.#closed;
  }

  #notStarted(): Omit<EngineInfo, 'lanes'> {
    const { provider = 'cpu' } = this.#options;
    const nothing = { pid: null, restarts: 0, ortVersion: '', voices: [], memoryMb: null };
    return { state: this.#closed === null ? 'starting' : 'closed', provider, threads: this.#threads, ...nothing };
  }

  /** Urgent ones before the others, each in order of arrival. */
  #wait(task: Task): void {
    const at = this.#waiting.findIndex(({ request }) => request.urgent !== true);
    if (task.request.urgent !== true || at < 0) this.#waiting.push(task);
    else this.#waiting.splice(at, 0, task);
  }

  #cancel(task: Task): void {
    const at = this.#waiting.indexOf(task);
    if (at < 0) task.run?.cancel();
    else this.#waiting.splice(at, 1)[0]?.reject(new EngineError('cancelled', 'the clip was cancelled'));
  }

  #steer(task: Task, change: EndlessChange): void {
    if (task.run === null) task.request = withPendingChange(task.request, change);
    else task.run.steer(change);
  }

  #next(): void {
    while (this.#closed === null && this.#waiting.length > 0) {
      const task = this.#waiting[0]!;
      const lane = laneFor(task, this.#lanes);
      if (lane === null || lane.tasks.size > 0) this.#grow();
      if (lane === null) return;
      this.#waiting.shift();
      this.#give(lane, task);
    }
  }

  #give(lane: Lane, task: Task): void {
    clearTimeout(lane.idle ?? undefined);
    lane.tasks.add(task);
    if (lane.tasks.size > 1) for (const other of lane.tasks) other.company = true;
    task.run = lane.supervisor.run(task.request, (event) => this.#tell(task, event));
    const ended = (settle: () => void): void => {
      lane.tasks.delete(task);
      // The lane must have room again by the time that whoever asked hears of its clip.
      settle();
      this.#freed(lane);
    };
    task.run.done.then(
      (result) => ended(() => task.resolve(result)),
      (error: unknown) => ended(() => this.#failed(task, error)),
    );
  }

  /** A clip that may have died of another's fault is tried once more, by itself; its bits are the same. */
  #failed(task: Task, error: unknown): void {
    const crashed = error instanceof EngineError && error.code === 'engine_crashed';
    // What of a stream was heard is gone.
    if (!crashed || !task.company || task.alone || isStream(task) || this.#closed !== null) {
      task.reject(error);
      return;
    }
    task.alone = true;
    this.#waiting.unshift(task);
  }

  #tell({ fresh, on }: Task, event: EngineEvent): void {
    if (fresh.take(event)) on(event);
  }

  #grow(): void {
    const starting = this.#lanes.slice(1).find(({ supervisor }) => !supervisor.ready);
    if (starting !== undefined) {
      if (starting.supervisor.info().restarts >= PATIENCE) this.#doWithout(starting);
      return;
    }
    if (this.#lanes.length >= this.#maxLanes) return;
    const need = (this.#lanes[0]!.supervisor.info().memoryMb ?? 0) * 1.5 * 2 ** 20;
    if (this.#parts.freeMemory() >= need) this.#open();
  }

  #open(): void {
    const lane: Lane = {
      supervisor: this.#parts.start({
        threads: this.#threads,
        // A load and all streams beside the clips of both kinds.
        atOnce: 2 * TOGETHER + 1 + STREAMS_MAX,
        ...(this.#options.provider === undefined ? {} : { provider: this.#options.provider }),
        ...(this.#options.voiceMemory === undefined ? {} : { voiceMemory: this.#options.voiceMemory }),
        ...(this.#options.log === undefined ? {} : { log: this.#options.log }),
        onFree: () => this.#freed(lane),
      }),
      tasks: new Set(),
      idle: null,
    };
    this.#lanes.push(lane);
  }

  #freed(lane: Lane): void {
    this.#next();
    if (lane === this.#lanes[0] || lane.tasks.size > 0 || !lane.supervisor.ready || this.#closed !== null) return;
    clearTimeout(lane.idle ?? undefined);
    lane.idle = setTimeout(() => this.#shut(lane), this.#parts.idleMs);
    lane.idle.unref();
  }

  #shut(lane: Lane): void {
    if (lane.tasks.size > 0 || this.#closed !== null) return;
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    void lane.supervisor.close();
  }

  #doWithout(lane: Lane): void {
    this.#options.log?.('warn', `another engine process could not start; continuing with ${this.#lanes.length - 1}`);
    this.#maxLanes = this.#lanes.length - 1;
    this.#shut(lane);
  }
}
