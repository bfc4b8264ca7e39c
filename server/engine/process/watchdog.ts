import { activityOf, type ProcessActivity, residentBytes } from './rss.ts';

/** What a test may put in place of the system. */
export interface WatchdogParts {
  lookMs: number;
  activity: (pid: number) => ProcessActivity | null;
  resident: (pid: number) => number | null;
}

export interface WatchdogOptions {
  pid: number;
  /** Bytes of memory that the process may take. */
  memory: number;
  /** Whether it has something to do. */
  isBusy: () => boolean;
  /** Ends the process. */
  end: (reason: string) => void;
}

const LOOK_MS = 100;
/** Milliseconds without a word and without a tick of processor time after which a process is taken for stopped. */
const STILL_MS = 20_000;
/** The same while it waits for a disk, which is no fault of its own. */
const DISK_MS = 120_000;
/** The same where the system does not tell what processes do. */
const BLIND_MS = 600_000;
/** Ticks of processor time without a word, by hundredths of a second: a graph that goes round in circles. */
const CIRCLING_TICKS = 60_000;

/**
 * Ends a process that makes no progress, or takes too much memory. A machine that is busy otherwise is no reason: a
 * process that waits for its turn gets some of them, and what counts is whether it uses any. Time is counted in looks,
 * so that a server that was suspended itself does not take its engine for hung.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #parts: WatchdogParts;
  readonly #timer: NodeJS.Timeout;
  #still = 0;
  #ticks = 0;
  #ticksAtWord = 0;

  constructor(options: WatchdogOptions, parts: Partial<WatchdogParts> = {}) {
    this.#options = options;
    this.#parts = { lookMs: LOOK_MS, activity: activityOf, resident: residentBytes, ...parts };
    this.#timer = setInterval(() => this.#look(), this.#parts.lookMs);
    this.#timer.unref();
  }

  /** The process said something. */
  heard(): void {
    this.#still = 0;
    this.#ticksAtWord = this.#ticks;
  }

  /** Nothing has moved for two seconds although something should, or the process is stopped. */
  get isStalled(): boolean {
    return this.#still * this.#parts.lookMs >= 2000 || this.#parts.activity(this.#options.pid)?.state === 'T';
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { pid, memory, isBusy, end } = this.#options;
    const { lookMs, activity, resident } = this.#parts;
    const is = activity(pid);
    const busy = isBusy();
    if (!busy && is?.state !== 'T') {
      if (is !== null) this.#ticks = is.ticks;
      this.heard();
      return;
    }
    if (busy && (resident(pid) ?? 0) > memory) {
      end(`it took more than ${Math.round(memory / 2 ** 20)} MiB of memory`);
      return;
    }
    this.#still = is !== null && is.ticks > this.#ticks ? 0 : this.#still + 1;
    if (is !== null) this.#ticks = is.ticks;
    const patience = is === null ? BLIND_MS : is.state === 'D' ? DISK_MS : STILL_MS;
    if (this.#still * lookMs >= patience) end(`it did nothing for ${patience / 1000} s`);
    else if (this.#ticks - this.#ticksAtWord > CIRCLING_TICKS)
      end(`it used ${CIRCLING_TICKS / 100} s of processor time without a result`);
  }
}
