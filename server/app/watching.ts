/** Opens what observes jobs and triggers without taking part in them: the OSC address space, metrics and the log. */
import type { FairScheduler } from '../dispatch/fair-scheduler.ts';
import type { JobEventBus } from '../dispatch/job-events.ts';
import type { Engine } from '../engine/engine.ts';
import { Metrics } from '../metrics/metrics.ts';
import { serverMetrics } from '../metrics/of-server.ts';
import type { Midi } from '../midi/midi.ts';
import { OscSpace } from '../network/transports/osc-address-space.ts';
import type { TriggerBank } from '../triggers/bank.ts';
import type { LogLine } from '../util/log-line.ts';
import type { Data } from './data.ts';

export interface OpenWatching {
  data: Pick<Data, 'active' | 'clips'>;
  bus: JobEventBus;
  scheduler: FairScheduler;
  engine: Engine;
  triggers: TriggerBank;
  midi: Midi;
  log: LogLine;
}

export function openWatching({ data, bus, scheduler, engine, triggers, midi, log }: OpenWatching) {
  const space = new OscSpace({
    maps: () => triggers.maps,
    pools: () => triggers.pools(),
    voice: () => data.active.active,
    jobs: () => {
      const { running, waitingJobs } = scheduler.usage();
      return { running, waiting: waitingJobs };
    },
  });
  triggers.watch((event) => {
    if (event.type === 'struck') space.heard(event.address, event.velocity);
    else if (event.type !== 'hit') space.touch();
    if (event.type === 'maps') midi.refresh();
  });
  const ended: Record<string, number> = { done: 0, failed: 0, cancelled: 0 };
  const metrics = new Metrics(() => serverMetrics(scheduler.usage(), ended, data.clips.usage, engine.info()));
  bus.subscribe((event, job) => {
    if (event.type === 'ended') ended[event.outcome]! += 1;
    if (event.type === 'queued') log('debug', 'job queued', { job, ...event });
    if (event.type === 'started') log('debug', 'job started', { job, ...event });
    if (event.type === 'queued' || event.type === 'started' || event.type === 'ended') space.touch();
    if (event.type === 'ended') log(event.outcome === 'failed' ? 'warn' : 'info', 'job ended', { job, ...event });
  });
  return { space, metrics };
}
