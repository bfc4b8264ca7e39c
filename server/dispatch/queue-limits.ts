import { ProtocolError } from '../../protocol/index.ts';
import { clientOf, isPatient, type JobOrder } from './scheduler.ts';

/** Capacity of the queue. */
export interface QueueLimits {
  maxJobs: number;
  maxClips: number;
}

/** Capacity on top of that, as a share, for clients whose own jobs fill at most 1/MODEST of the queue. */
const RESERVE = 0.25;
const MODEST = 16;

/**
 * Throws queue_full if the queue has no capacity for a job. Background (patient) jobs are counted separately, so that they
 * take none from interactive ones, and a client that fills the queue leaves the reserve to those with little in it.
 */
export function checkQueueLimits(
  order: JobOrder,
  waiting: readonly JobOrder[],
  { maxJobs, maxClips }: QueueLimits,
): void {
  const rivals = waiting.filter((one) => isPatient(one) === isPatient(order));
  const own = rivals.filter((one) => clientOf(one) === clientOf(order));
  const isModest = own.length < Math.max(1, Math.floor(maxJobs / MODEST));
  const share = isModest && own.length < rivals.length ? 1 + RESERVE : 1;
  if (rivals.length >= Math.ceil(maxJobs * share)) {
    throw new ProtocolError('queue_full', `${maxJobs} jobs are already waiting; try again later`);
  }
  const clips = clipsOf(rivals);
  if (clips + order.clips.length > Math.ceil(maxClips * share)) {
    throw new ProtocolError(
      'queue_full',
      `${clips} clips are already waiting; the limit is ${maxClips}; try again later, or request fewer`,
    );
  }
}

export function clipsOf(orders: readonly JobOrder[]): number {
  return orders.reduce((sum, { clips }) => sum + clips.length, 0);
}
