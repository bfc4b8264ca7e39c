import { activityOf, HangDetector, type ProcessActivity } from '../../util/hang-detector.ts';
import { residentBytes } from './rss.ts';

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
/** Ticks of processor time without a word, by hundredths of a second: a graph that goes round in circles. */
const CIRCLING_TICKS = 60_000;

/** Ends a process that makes no progress, or takes too much memory. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #parts: WatchdogParts;
  readonly #hang: HangDetector;
  readonly #timer: NodeJS.Timeout;
  #ticksAtWord = 0;

  constructor(options: WatchdogOptions, parts: Partial<WatchdogParts> = {}) {
    this.#options = options;
    this.#parts = { lookMs: LOOK_MS, activity: activityOf, resident: residentBytes, ...parts };
    this.#hang = new HangDetector(options.pid, this.#parts);
    this.#timer = setInterval(() => this.#look(), this.#parts.lookMs);
    this.#timer.unref();
  }

  /** The process said something. */
  noteActivity(): void {
    this.#hang.noteActivity();
    this.#ticksAtWord = this.#hang.ticks;
  }

  /** Nothing has moved for two seconds although something should, or the process is stopped. */
  get isStalled(): boolean {
    return this.#hang.ms >= 2000 || this.#hang.isStopped;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { pid, memory, isBusy, end } = this.#options;
    const { isOver, patience, isStopped } = this.#hang.look();
    const busy = isBusy();
    if (!busy && !isStopped) {
      this.noteActivity();
      return;
    }
    if (busy && (this.#parts.resident(pid) ?? 0) > memory)
      end(`it took more than ${Math.round(memory / 2 ** 20)} MiB of memory`);
    else if (isOver) end(`it did nothing for ${patience / 1000} s`);
    else if (this.#hang.ticks - this.#ticksAtWord > CIRCLING_TICKS)
      end(`it used ${CIRCLING_TICKS / 100} s of processor time without a result`);
  }
}
