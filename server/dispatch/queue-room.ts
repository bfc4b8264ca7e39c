import { ProtocolError } from '../../protocol/index.ts';
import { clientOf, isPatient, type JobOrder } from './scheduler.ts';

/** How much may wait. */
export interface QueueRoom {
  maxJobs: number;
  maxClips: number;
}

/** Beyond what may wait, so large a share is for clients with at most one of MODEST parts of it waiting. */
const RESERVE = 0.25;
const MODEST = 16;

/**
 * Throws queue_full where a job finds no room among those that wait. Patient jobs are counted apart, so that they take no
 * room from those that somebody waits for; and what one client fills the queue with leaves room for those who have little
 * in it.
 */
export function checkRoom(order: JobOrder, waiting: readonly JobOrder[], { maxJobs, maxClips }: QueueRoom): void {
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
