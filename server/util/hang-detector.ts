/** Detects child processes that hang: no message and no processor time for a while. */
import { readFileSync } from 'node:fs';

/** How a process is scheduled: the system's letter for its state (T: stopped) and the clock ticks it has used so far. */
export interface ProcessActivity {
  state: string;
  ticks: number;
}

/** Null on systems without /proc. */
export function activityOf(pid: number): ProcessActivity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses before these fields may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
}

/** Milliseconds without a message and without processor time after which a process counts as hung. */
const STILL_MS = 20_000;
/** The minimum while it is blocked on a disk. */
const DISK_MS = 120_000;
/** The minimum on systems that do not report processor time. */
const BLIND_MS = 600_000;

export interface HangDetectorOptions {
  /** Milliseconds between looks. */
  lookMs: number;
  stillMs?: number;
  activity?: (pid: number) => ProcessActivity | null;
}

/**
 * A starved process on a busy machine still gets some processor time; a hung one uses none. Time is counted in looks rather
 * than by the clock, so that a server that was itself suspended does not take its children for hung.
 */
export class HangDetector {
  readonly #pid: number;
  readonly #parts: Required<HangDetectorOptions>;
  #looks = 0;
  #ticks = 0;

  constructor(pid: number, parts: HangDetectorOptions) {
    this.#pid = pid;
    this.#parts = { stillMs: STILL_MS, activity: activityOf, ...parts };
  }

  /** Processor time at the last look, in clock ticks. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Milliseconds without activity. */
  get ms(): number {
    return this.#looks * this.#parts.lookMs;
  }

  get isStopped(): boolean {
    return this.#parts.activity(this.#pid)?.state === 'T';
  }

  /** The process sent a message, or is idle for want of work. */
  noteActivity(): void {
    this.#looks = 0;
  }

  /** Looks once. `isOver`: it was inactive for `patience` milliseconds. */
  look(): { isOver: boolean; patience: number; isStopped: boolean } {
    const { activity, stillMs } = this.#parts;
    const is = activity(this.#pid);
    this.#looks = is !== null && is.ticks > this.#ticks ? 0 : this.#looks + 1;
    if (is !== null) this.#ticks = is.ticks;
    const patience = Math.max(stillMs, is === null ? BLIND_MS : is.state === 'D' ? DISK_MS : 0);
    return { isOver: this.ms >= patience, patience, isStopped: is?.state === 'T' };
  }
}
