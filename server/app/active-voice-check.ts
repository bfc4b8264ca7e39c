import type { Engine } from '../engine/engine.ts';
import { warm } from '../engine-start.ts';
import type { Health } from '../network/listeners.ts';
import type { LogLine } from '../util/log-line.ts';
import { version } from '../util/version.ts';
import type { Data } from './data.ts';

export interface ActiveVoiceCheckOptions {
  data: Pick<Data, 'active' | 'catalog'>;
  engine: Engine;
  log: LogLine;
}

/** Whether the active voice can be used: loads it, and says what is wrong with it. */
export class ActiveVoiceCheck {
  readonly #options: ActiveVoiceCheckOptions;
  #problem: string | null = null;
  #checking: Promise<void> | null = null;
  #stopped = false;

  constructor(options: ActiveVoiceCheckOptions) {
    this.#options = options;
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** Never rejects. */
  check(): Promise<void> {
    const { data, engine, log } = this.#options;
    this.#checking ??= warm(data.catalog, engine).then((why) => {
      this.#checking = null;
      const voice = data.active.active;
      if (why === null) log('info', 'the voice is ready', { voice });
      else if (why !== this.#problem && !this.#stopped) log('error', `the voice cannot be used: ${why}`, { voice });
      this.#problem = why;
    });
    return this.#checking;
  }

  /** Another voice is active, which was tried before. */
  replaced(): void {
    this.#problem = null;
  }

  /** The engine goes: what it then cannot load is no fault of the voice. */
  stop(): void {
    this.#stopped = true;
  }

  health(): ReturnType<Health> {
    const { data, engine } = this.#options;
    // A voice that was repaired meanwhile is found so at the next request.
    if (this.#problem !== null) void this.check();
    const { state } = engine.info();
    const why = state === 'stalled' || state === 'restarting' ? `the engine is ${state}` : this.#problem;
    return {
      status: why === null ? 'ok' : 'degraded',
      name: 'foleyd',
      version,
      engine: state,
      voice: data.active.active,
      problem: why,
    };
  }
}
