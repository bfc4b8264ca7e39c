import { clientOf, type Front, isPatient, type JobOrder } from './scheduler.ts';

/** What is known of a job when the next clip is chosen. */
export interface QueuedJob {
  order: Pick<JobOrder, 'owner' | 'client' | 'group' | 'patient' | 'clips'>;
  paused: boolean;
  /** Why the job shall end before its time. */
  stop: Error | null;
  /** Above 0 for jobs that were moved to the front, the last one most. */
  front: Record<Front, number>;
  /** When its last clip began, or it was queued. */
  servedAt: number;
  /** Clips that have begun, the next one's index. */
  begun: number;
  /** Clips that whoever asked has taken, in order. */
  taken: number;
}

/** After so many milliseconds without a clip, a job of many clips is served as if it had just come. */
const PATIENCE_MS = 10_000;

/**
 * Whose clip is made next. Clients take turns; of a client's jobs the next clip is one of the job that has begun with the
 * fewest, of the oldest such job: so requests of a client for one clip are served in order of arrival, somebody who
 * wants one sound does not wait for another's hundred (first clips have room of their own in the engine), and several
 * such hundreds take turns. Jobs of a group, the lines of a batch, are begun one after the other: its first file is there
 * when the first line is made, not when nearly all of them are. Newcomers go first, but never twice in a row while a job has
 * gone without a clip for so long: however many keep coming, everybody's clips are made in the end.
 */
export class ClipTurns {
  readonly #now: () => number;
  /** When each client was last served, in clips begun since; who is not in it goes first. */
  readonly #served = new Map<string, number>();
  #clips = 0;
  #fronts = 0;
  /** The last clip that began was one of a job that had waited for long. */
  #wasOverdue = false;

  /** now: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The job whose next clip may begin, of jobs in order of arrival; null where there is none.
   * @param slots clips that the engine makes at once, of each kind
   * @param running clips that it has
   */
  next<J extends QueuedJob>(jobs: Iterable<J>, slots: number, running: { all: number; urgent: number }): J | null {
    let chosen: J | null = null;
    let overdue: J | null = null;
    /** Groups that have an older job whose next clip may begin. */
    const groups = new Set<string>();
    let least: readonly number[] = [Number.POSITIVE_INFINITY];
    for (const job of jobs) {
      if (job.stop !== null || job.paused || job.begun === job.order.clips.length) continue;
      // One clip more than are made at once: the engine goes on while a clip is taken, and results do not pile up.
      if (job.begun - job.taken > slots) continue;
      const { group } = job.order;
      if (group !== undefined && groups.has(group)) continue;
      if (group !== undefined) groups.add(group);
      const urgent = this.isUrgent(job);
      if ((urgent ? running.urgent : running.all) >= slots) continue;
      const kind = urgent ? 0 : isPatient(job.order) ? 2 : 1;
      const { all, own } = job.front;
      const turn = this.#served.get(clientOf(job.order)) ?? 0;
      const rank = [-all, kind, turn, -own, urgent ? 0 : job.begun];
      if (isBefore(rank, least)) [chosen, least] = [job, rank];
      if (this.#isOverdue(job) && job.servedAt < (overdue?.servedAt ?? Number.POSITIVE_INFINITY)) overdue = job;
    }
    const isMoved = (chosen?.front.all ?? 0) > (overdue?.front.all ?? 0);
    return overdue === null || this.#wasOverdue || isMoved ? chosen : overdue;
  }

  /** The first clip of a job is waited for by somebody: who asked for a hundred has something to hear then. */
  isUrgent({ begun, servedAt, order }: QueuedJob): boolean {
    if (isPatient(order)) return false;
    return begun === 0 || this.#now() - servedAt >= PATIENCE_MS;
  }

  #isOverdue({ servedAt, order }: QueuedJob): boolean {
    return !isPatient(order) && this.#now() - servedAt >= PATIENCE_MS;
  }

  /** A clip of the job begins. */
  begin(job: QueuedJob): void {
    this.#clips += 1;
    this.#served.set(clientOf(job.order), this.#clips);
    this.#wasOverdue = this.#isOverdue(job);
    job.servedAt = this.#now();
  }

  /** Before all that were moved to the front earlier. */
  toFront(jobs: Iterable<QueuedJob>, front: Front): void {
    this.#fronts += 1;
    for (const job of jobs) job.front[front] = this.#fronts;
  }

  /** The client has no more jobs. */
  forget(client: string): void {
    this.#served.delete(client);
  }
}

/** Compares number by number, as words are compared letter by letter. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, i) => value !== other[i]);
  return at >= 0 && one[at]! < (other[at] ?? Number.POSITIVE_INFINITY);
}
