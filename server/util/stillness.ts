/** Whether a process does anything: what the system says of it, and for how long that was nothing. */
import { readFileSync } from 'node:fs';

/** How a process is scheduled: the system's letter for its state (T: stopped) and the clock ticks it has used so far. */
export interface ProcessActivity {
  state: string;
  ticks: number;
}

/** Null where the system does not say. */
export function activityOf(pid: number): ProcessActivity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it, in parentheses, may have spaces and parentheses of its own.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
}

/** Milliseconds without a word and without a tick of processor time after which a process is taken for stopped. */
const STILL_MS = 20_000;
/** At least so many while it waits for a disk, which is no fault of its own. */
const DISK_MS = 120_000;
/** At least so many where the system does not tell what processes do. */
const BLIND_MS = 600_000;

export interface StillnessParts {
  /** Milliseconds between looks. */
  lookMs: number;
  stillMs?: number;
  activity?: (pid: number) => ProcessActivity | null;
}

/**
 * Tells a process that does nothing from one that waits for its turn: on a machine that is busy otherwise it gets some of
 * them, and what counts is whether it uses any. Time is counted in looks, so that a server that was suspended itself does
 * not take its processes for hung.
 */
export class Stillness {
  readonly #pid: number;
  readonly #parts: Required<StillnessParts>;
  #looks = 0;
  #ticks = 0;

  constructor(pid: number, parts: StillnessParts) {
    this.#pid = pid;
    this.#parts = { stillMs: STILL_MS, activity: activityOf, ...parts };
  }

  /** Of processor time, by hundredths of a second, as of the last look. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Milliseconds for which it did nothing and said nothing. */
  get ms(): number {
    return this.#looks * this.#parts.lookMs;
  }

  get isStopped(): boolean {
    return this.#parts.activity(this.#pid)?.state === 'T';
  }

  /** It said something, or has nothing to do. */
  heard(): void {
    this.#looks = 0;
  }

  /** Looks once. `isOver`: it did nothing for `patience` milliseconds. */
  look(): { isOver: boolean; patience: number; isStopped: boolean } {
    const { activity, stillMs } = this.#parts;
    const is = activity(this.#pid);
    this.#looks = is !== null && is.ticks > this.#ticks ? 0 : this.#looks + 1;
    if (is !== null) this.#ticks = is.ticks;
    const patience = Math.max(stillMs, is === null ? BLIND_MS : is.state === 'D' ? DISK_MS : 0);
    return { isOver: this.ms >= patience, patience, isStopped: is?.state === 'T' };
  }
}
