import { type CommandName, commandOf, type OscBatch, type OscItem, ProtocolError } from '../../../protocol/index.ts';

export interface TimetagQueueOptions {
  /** Bundles that may wait for their time. */
  oscTimed: number;
  oscHorizonMs: number;
  /** Which commands are handled ahead of their time; by default those declared so. */
  isTimed?: (cmd: CommandName) => boolean;
  /** How far the machine's date is ahead of a clock that nobody sets, in milliseconds; tests give their own. */
  ahead?: () => number;
}

/** Milliseconds before its time at which a timed command is handled, so that it can be scheduled to the sample, or made for it. */
const LOOKAHEAD_MS = 3000;
/** A date that moved by more while a bundle waited was set: clocks that are kept right by a network move by less. */
const SET_MS = 100;

/**
 * Holds OSC bundles until their timetag, then calls `handle`; `at` is the time of a timed command, `F` the type of the
 * sender. What waits is due when it was due as it came, whatever the machine's date is set to meanwhile.
 */
export class TimetagQueue<F> {
  readonly #options: TimetagQueueOptions;
  readonly #handle: (item: OscItem, from: F, at: number | null) => void;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: TimetagQueueOptions, handle: (item: OscItem, from: F, at: number | null) => void) {
    this.#options = options;
    this.#handle = handle;
  }

  /**
   * Messages of one moment are handled together; those of later moments wait for it. Throws bad_args for one too far
   * ahead, and queue_full.
   */
  schedule(batch: OscBatch, from: F, now: number): void {
    if (batch.at === null || batch.at <= now) {
      this.#run(batch, from);
      return;
    }
    const { oscTimed, oscHorizonMs } = this.#options;
    if (batch.at - now > oscHorizonMs)
      throw new ProtocolError('bad_args', `a timetag is more than ${oscHorizonMs} ms ahead; send the bundle later`);
    if (this.#timers.size >= oscTimed)
      throw new ProtocolError(
        'queue_full',
        `${oscTimed} bundles are already waiting for their time; send this one later`,
      );
    const timed = batch.items.filter((item) => this.#isTimed(item));
    const others = batch.items.filter((item) => !this.#isTimed(item));
    if (timed.length > 0) this.#wait({ ...batch, items: timed }, from, Math.max(0, batch.at - now - LOOKAHEAD_MS));
    if (others.length > 0) this.#wait({ ...batch, items: others }, from, batch.at - now);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #isTimed(item: OscItem): boolean {
    const { isTimed = (cmd) => commandOf(cmd).timed } = this.#options;
    return item.kind === 'request' && isTimed(item.cmd);
  }

  #wait(batch: OscBatch, from: F, ms: number): void {
    const { ahead = dateAhead } = this.#options;
    const was = ahead();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const moved = ahead() - was;
      const isSet = batch.at !== null && Math.abs(moved) > SET_MS;
      this.#run(isSet ? { ...batch, at: batch.at! + moved } : batch, from);
    }, ms);
    this.#timers.add(timer);
  }

  #run({ at, missed, items }: OscBatch, from: F): void {
    for (const item of items) this.#handle(item, from, this.#isTimed(item) ? (at ?? missed) : null);
  }
}

function dateAhead(): number {
  return Date.now() - performance.now();
}
