import { setTimeout as wait } from 'node:timers/promises';
import type { Engine, EngineEvent, EngineInfo, EngineRequest, EngineResult, EngineRun } from '../../engine/engine.ts';
import { EngineError } from '../../engine/errors.ts';

export interface TimedOptions {
  /** Milliseconds until a clip is done. */
  ms: number;
  /** Of a clip. */
  samples: number;
  slots: number;
}

/** In place of a neural engine where only what lies around it is measured: a timer, and a tone that the seed decides. */
export class TimedEngine implements Engine {
  readonly slots: number;
  readonly #options: TimedOptions;

  constructor(options: TimedOptions) {
    this.#options = options;
    this.slots = options.slots;
  }

  info(): EngineInfo {
    return {
      state: 'ready',
      pid: null,
      restarts: 0,
      provider: 'cpu',
      threads: 1,
      lanes: { open: 1, most: 1 },
      ortVersion: 'simulated',
      voices: [],
      memoryMb: null,
    };
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun {
    const stop = new AbortController();
    return { done: this.#make(request, on, stop.signal), steer: () => undefined, cancel: () => stop.abort() };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #make(
    { seed, rate }: EngineRequest,
    on: (event: EngineEvent) => void,
    signal: AbortSignal,
  ): Promise<EngineResult> {
    const { ms, samples } = this.#options;
    on({ type: 'started' });
    try {
      if (ms > 0) await wait(ms, undefined, { signal });
    } catch {
      throw new EngineError('cancelled', 'the clip was cancelled');
    }
    const timings = {
      sampleMs: ms,
      decodeMs: 0,
      vocodeMs: 0,
      firstRowMs: ms,
      firstPreviewMs: null,
      totalMs: ms,
    };
    const pcm = new Float32Array(samples).fill((seed % 997) / 997);
    return { codes: new Uint16Array(48).fill(seed % 512), rate, pcm, timings };
  }
}
