import { availableParallelism, freemem } from 'node:os';
import type { Engine, EngineEvent, EngineInfo, EngineRequest, EngineResult, EngineRun } from './engine.ts';
import { EngineError } from './errors.ts';
import { EngineHost, type HostOptions } from './host.ts';

export interface EngineOptions {
  /**
   * Threads of the graphs, one by default: measured on two cores, a second thread makes a clip of the default voice 16 %
   * sooner, a second lane 64 % more clips. Clips made with another number of threads differ in their last bits.
   */
  threads?: number;
  /** Most clips made at once, each in a process of its own; by default as many as there are cores for, four at most. */
  lanes?: number;
  /** Where decoder and vocoder run, if it works there; the CPU by default. */
  provider?: string;
  log?: HostOptions['log'];
}

/** What a test may put in place of the machine. */
export interface PoolParts {
  start?: (options: HostOptions) => EngineHost;
  /** Bytes. */
  freeMemory?: () => number;
  idleMs?: number;
}

interface Task {
  request: EngineRequest;
  on: (event: EngineEvent) => void;
  resolve: (result: EngineResult) => void;
  reject: (error: unknown) => void;
  run: EngineRun | null;
}

const MOST_LANES = 4;
/** Waiting clips; whoever schedules them keeps far fewer here. */
const MOST_WAITING = 1024;
/** A further lane that had nothing to do for so long gives its memory back. */
const IDLE_MS = 120_000;
/** Starts of a further lane that may fail before the pool does without it. */
const PATIENCE = 3;

export function createEngine(options: EngineOptions = {}): Engine {
  return new EnginePool(options);
}

/**
 * Several engine processes (lanes), each making one clip at a time. The first is always there; the others start when a
 * clip would have to wait, and go when there was no use for them for a while. All have the same number of threads,
 * because the order of the graphs' sums depends on it: a clip has the same bits in every lane.
 */
export class EnginePool implements Engine {
  readonly #options: EngineOptions;
  readonly #parts: Required<PoolParts>;
  readonly #lanes: EngineHost[] = [];
  readonly #idle = new Map<EngineHost, NodeJS.Timeout>();
  readonly #waiting: Task[] = [];
  readonly #threads: number;
  #most: number;
  #closed: Promise<void> | null = null;

  constructor(options: EngineOptions = {}, parts: PoolParts = {}) {
    this.#options = options;
    this.#parts = { start: (host) => new EngineHost(host), freeMemory: freemem, idleMs: IDLE_MS, ...parts };
    this.#threads = options.threads ?? 1;
    const room = Math.max(1, Math.floor(availableParallelism() / this.#threads));
    this.#most = options.lanes ?? Math.min(MOST_LANES, room);
    this.#open();
  }

  get lanes(): number {
    return this.#most;
  }

  info(): EngineInfo {
    const all = this.#lanes.map((lane) => lane.info());
    const [first] = all;
    const known = all.map(({ memoryMb }) => memoryMb).filter((memory) => memory !== null);
    return {
      ...first!,
      lanes: { open: all.length, most: this.#most },
      restarts: all.reduce((sum, { restarts }) => sum + restarts, 0),
      memoryMb: known.length === 0 ? null : known.reduce((sum, memory) => sum + memory, 0),
    };
  }

  /** The first lane's answer; the others load what they are asked to make. */
  load(voiceDir: string): Promise<void> {
    return this.#lanes[0]!.load(voiceDir);
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    let task!: Task;
    const done = new Promise<EngineResult>((resolve, reject) => {
      task = { request, on, resolve, reject, run: null };
    });
    if (this.#closed !== null) task.reject(new EngineError('engine_unavailable', 'the engine is closed'));
    else if (this.#waiting.length >= MOST_WAITING)
      task.reject(new EngineError('engine_unavailable', `${MOST_WAITING} clips are waiting already`));
    else this.#waiting.push(task);
    this.#next();
    return { done, cancel: () => this.#cancel(task) };
  }

  close(): Promise<void> {
    if (this.#closed === null) {
      const error = new EngineError('engine_unavailable', 'the engine is closed');
      for (const task of this.#waiting.splice(0)) task.reject(error);
      for (const timer of this.#idle.values()) clearTimeout(timer);
      this.#closed = Promise.all(this.#lanes.map((lane) => lane.close())).then(() => undefined);
    }
    return this.#closed;
  }

  #cancel(task: Task): void {
    const at = this.#waiting.indexOf(task);
    if (at < 0) task.run?.cancel();
    else this.#waiting.splice(at, 1)[0]?.reject(new EngineError('cancelled', 'the clip was cancelled'));
  }

  #next(): void {
    while (this.#closed === null && this.#waiting.length > 0) {
      const lane = this.#free();
      if (lane === null) {
        this.#grow();
        return;
      }
      this.#give(lane, this.#waiting.shift()!);
    }
  }

  /** A lane that begins at once; else the first, if it has nothing to do yet: it alone may be waited for. */
  #free(): EngineHost | null {
    const [first, ...others] = this.#lanes;
    return this.#lanes.find((lane) => lane.free) ?? (first!.idle && !others.some((lane) => lane.free) ? first! : null);
  }

  #give(lane: EngineHost, task: Task): void {
    clearTimeout(this.#idle.get(lane));
    task.run = lane.run(task.request, task.on);
    // Two callbacks, not a chain: the lane must be free again by the time that whoever asked hears of its clip.
    task.run.done.then(task.resolve, task.reject);
  }

  #grow(): void {
    const starting = this.#lanes.slice(1).find((lane) => lane.info().state !== 'ready');
    if (starting !== undefined) {
      if (starting.info().restarts >= PATIENCE) this.#doWithout(starting);
      return;
    }
    if (this.#lanes.length >= this.#most) return;
    const need = (this.#lanes[0]!.info().memoryMb ?? 0) * 1.5 * 2 ** 20;
    if (this.#parts.freeMemory() >= need) this.#open();
  }

  #open(): void {
    const lane: EngineHost = this.#parts.start({
      threads: this.#threads,
      ...(this.#options.provider === undefined ? {} : { provider: this.#options.provider }),
      ...(this.#options.log === undefined ? {} : { log: this.#options.log }),
      onFree: () => this.#freed(lane),
    });
    this.#lanes.push(lane);
  }

  #freed(lane: EngineHost): void {
    this.#next();
    if (lane === this.#lanes[0] || !lane.free || this.#closed !== null) return;
    clearTimeout(this.#idle.get(lane));
    const timer = setTimeout(() => this.#shut(lane), this.#parts.idleMs);
    this.#idle.set(lane, timer.unref());
  }

  #shut(lane: EngineHost): void {
    if (!lane.idle || this.#closed !== null) return;
    this.#idle.delete(lane);
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    void lane.close();
  }

  #doWithout(lane: EngineHost): void {
    this.#options.log?.('warn', `a further engine process does not start: ${this.#lanes.length - 1} must do`);
    this.#most = this.#lanes.length - 1;
    this.#shut(lane);
  }
}
