import { setTimeout as wait } from 'node:timers/promises';
import { AckFloors } from './ack-floors.ts';
import type { BrokerLink, FarmLog } from './link.ts';
import { type FarmJob, LOOK_MS, Pending, type PendingJob } from './pending-job.ts';

const LOOKS_AT_ONCE = 8;
/** Longer than any request to the broker waits for its answer. */
const HANG_MS = 10_000;

/** Farm jobs that this process waits for. Jobs that the broker loses are sent again; duplicate outcomes are ignored. */
export class FarmJobs {
  readonly #link: BrokerLink;
  readonly #log: FarmLog;
  readonly #pending = new Set<Pending>();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #floors = new AckFloors();
  #looking = false;

  constructor(link: BrokerLink, log: FarmLog) {
    this.#link = link;
    this.#log = log;
    this.#stop = link.watch((broker) => {
      if (broker !== null) for (const job of this.#pending) job.join(broker);
    });
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#pending.size;
  }

  submit(job: FarmJob): PendingJob {
    const pending = new Pending(job, this.#log, this.#floors, () => void this.#pending.delete(pending));
    this.#pending.add(pending);
    if (this.#link.broker !== null) pending.join(this.#link.broker);
    return pending;
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);
    for (const job of [...this.#pending]) job.leave();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const jobs = [...this.#pending];
      const one = async (): Promise<void> => {
        // What hangs at one must not keep the others waiting.
        for (let job = jobs.pop(); job !== undefined; job = jobs.pop())
          if (this.#link.broker !== null)
            await Promise.race([job.lookIfDue(), wait(HANG_MS, undefined, { ref: false })]);
      };
      await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, one));
    } finally {
      this.#looking = false;
    }
  }
}
