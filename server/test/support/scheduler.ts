import assert from 'node:assert/strict';
import type { ProtocolError } from '../../../protocol/index.ts';
import { FairScheduler } from '../../dispatch/fair-scheduler.ts';
import { JobEventBus } from '../../dispatch/job-events.ts';
import type { Job, JobOrder } from '../../dispatch/scheduler.ts';
import { requestOf } from '../../engine/fixtures.ts';
import { ScriptedEngine } from './engine.ts';

/** A scheduler over the scripted engine, and orders for it. */
export function setup(bounds: { maxJobs?: number; maxClips?: number; slots?: number; now?: () => number } = {}) {
  const engine = new ScriptedEngine({ slots: bounds.slots ?? 1 });
  const bus = new JobEventBus((error) => assert.fail(String(error)));
  const scheduler = new FairScheduler({
    engine,
    bus,
    maxJobs: bounds.maxJobs ?? 256,
    maxClips: bounds.maxClips ?? 2048,
    ...(bounds.now === undefined ? {} : { now: bounds.now }),
  });
  const order = (seeds: number[], more: Partial<JobOrder> = {}): JobOrder => ({
    owner: 'test',
    signal: new AbortController().signal,
    onClip: () => Promise.resolve(),
    clips: seeds.map((seed) => requestOf('', [1], { seed })),
    ...more,
  });
  return { engine, bus, scheduler, order };
}

/** `done`, or the code that it ended with. */
export const outcome = ({ done }: Job): Promise<string> =>
  done.then(
    () => 'done',
    (error: ProtocolError) => error.code,
  );
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
