import type {
  Engine,
  EngineError,
  EngineEvent,
  EngineInfo,
  EngineRequest,
  EngineResult,
  EngineRun,
} from '../../engine/engine.ts';

/** The engine's errors without its process: same shape, same codes. */
export class ScriptedError extends Error {
  readonly code: EngineError['code'];

  constructor(code: EngineError['code'], message: string = code) {
    super(message);
    this.code = code;
  }
}

export interface ScriptedOptions {
  rows?: number;
  cols?: number;
  /** Frames at 22050 Hz. */
  samples?: number;
  /** Turns of the event loop that one row takes. */
  turnsPerRow?: number;
  /** Runs at once. */
  slots?: number;
}

interface Run {
  request: EngineRequest;
  on: (event: EngineEvent) => void;
  cancelled: boolean;
  settle: { resolve: (result: EngineResult) => void; reject: (error: Error) => void };
}

/**
 * An engine whose pace and faults a test decides. It honours the interface: as many runs at a time as it has slots, begun in order of arrival,
 * cancellation between rows, results that depend on the seed and on the codes that are given.
 */
export class ScriptedEngine implements Engine {
  /** Seeds in the order in which their runs began. */
  readonly begun: number[] = [];
  readonly requests: EngineRequest[] = [];
  readonly finished: number[] = [];
  /** Seeds whose run fails, and how. */
  readonly faults = new Map<number, EngineError['code']>();
  /** Turns of the event loop that one row of some seeds takes. */
  readonly pace = new Map<number, number>();
  restarts = 0;
  /** Clips that are streamed wait for it between their first half and their end. */
  early: Promise<void> | null = null;
  /** While set, runs stop before their next row. */
  #gate: { promise: Promise<void>; open: () => void } | null = null;
  readonly #options: Required<ScriptedOptions>;
  readonly #queue: Run[] = [];
  readonly #running = new Set<Run>();
  #closed = false;

  constructor(options: ScriptedOptions = {}) {
    this.#options = { rows: 8, cols: 6, samples: 2205, turnsPerRow: 1, slots: 1, ...options };
  }

  /** Holds every run until release(). */
  hold(): void {
    let open = (): void => undefined;
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { promise, open };
  }

  release(): void {
    this.#gate?.open();
    this.#gate = null;
  }

  /** What a killed engine process does to its runs. */
  crash(): void {
    for (const run of this.#running) {
      this.restarts += 1;
      run.cancelled = true;
      run.settle.reject(new ScriptedError('engine_crashed', 'the engine process ended'));
    }
  }

  /** The seed of a run that is going on. */
  get running(): number | null {
    const [run] = this.#running;
    return run?.request.seed ?? null;
  }

  get slots(): number {
    return this.#options.slots;
  }

  info(): EngineInfo {
    const state = this.#closed ? 'closed' : 'ready';
    return {
      state,
      pid: null,
      restarts: this.restarts,
      provider: 'cpu',
      threads: 1,
      lanes: { open: 1, most: 1 },
      ortVersion: '0',
      voices: [],
      memoryMb: null,
    };
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    const run: Run = { request, on, cancelled: false, settle: { resolve: () => undefined, reject: () => undefined } };
    const done = new Promise<EngineResult>((resolve, reject) => {
      run.settle = { resolve, reject };
    });
    if (this.#closed) run.settle.reject(new ScriptedError('engine_unavailable'));
    else this.#queue.push(run);
    void this.#next();
    return {
      done,
      steer: () => undefined,
      cancel: () => {
        run.cancelled = true;
        const at = this.#queue.indexOf(run);
        if (at >= 0) this.#queue.splice(at, 1);
        if (at >= 0 || this.#gate !== null) run.settle.reject(new ScriptedError('cancelled'));
      },
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#queue.splice(0)) run.settle.reject(new ScriptedError('engine_unavailable'));
    return Promise.resolve();
  }

  async #next(): Promise<void> {
    if (this.#running.size >= this.#options.slots) return;
    const run = this.#queue.shift();
    if (run === undefined) return;
    this.#running.add(run);
    try {
      run.settle.resolve(await this.#make(run));
      this.finished.push(run.request.seed);
    } catch (error) {
      run.settle.reject(error as Error);
    }
    this.#running.delete(run);
    void this.#next();
  }

  async #make(run: Run): Promise<EngineResult> {
    const { rows, cols, samples, turnsPerRow } = this.#options;
    const { request, on } = run;
    this.begun.push(request.seed);
    this.requests.push(request);
    on({ type: 'started' });
    const frames = Math.round((samples * request.rate) / 22_050);
    const pcm = Float32Array.from(
      { length: frames },
      (_, i) => 0.5 * Math.sin((i + 1) * (0.01 + (request.seed % 97) / 997)),
    );
    const codes = new Uint16Array(rows * cols);
    for (let row = 0; row < rows; row++) {
      for (let turn = 0; turn < (this.pace.get(request.seed) ?? turnsPerRow); turn++)
        await new Promise((resolve) => setImmediate(resolve));
      if (this.#gate !== null) await this.#gate.promise;
      if (run.cancelled) throw new ScriptedError('cancelled');
      const fault = this.faults.get(request.seed);
      if (fault !== undefined && row === rows >> 1) throw new ScriptedError(fault);
      for (let col = 0; col < cols; col++) {
        const cell = row * cols + col;
        const known = request.codes ?? (request.start?.given[cell] === 1 ? request.start.codes : undefined);
        codes[cell] = known?.[cell] ?? (request.seed * 31 + row * 7 + col) % 512;
      }
      // What is only rendered has no rows that come one by one.
      if (request.codes !== undefined) continue;
      on({ type: 'row', row, rows, codes: codes.slice(row * cols, (row + 1) * cols) });
      if (request.previews && row === (rows >> 1) - 1) on({ type: 'preview', codebooks: 1, rate: request.rate, pcm });
    }
    if (request.stream === true) {
      const early = frames >> 1;
      on({ type: 'audio', offset: 0, total: frames, rate: request.rate, pcm: pcm.slice(0, early) });
      await new Promise((resolve) => setImmediate(resolve));
      if (this.early !== null) await this.early;
    }
    const timings = {
      sampleMs: 2,
      decodeMs: 1,
      vocodeMs: 1,
      firstRowMs: 1,
      firstPreviewMs: request.previews ? 1 : null,
      totalMs: 4,
    };
    return { codes, rate: request.rate, pcm, timings };
  }
}
