import type { EngineInfo } from '../engine/engine.ts';
import { gauge, type Metric } from './metrics.ts';
import { engineMetrics } from './of-engine.ts';

/** What a worker of a farm says of itself, as far as it is counted. */
export interface WorkerCounts {
  slots: number;
  offers: readonly unknown[];
  running: { live: number; bulk: number };
  made: number;
  failed: number;
  rate: number;
  leaving: boolean;
}

export function workerMetrics(
  { slots, offers, running, made, failed, rate, leaving }: WorkerCounts,
  connected: boolean,
  engine: EngineInfo,
): Metric[] {
  return [
    gauge('foleyd_worker_connected', '1 if the broker of the farm can be used', connected ? 1 : 0),
    gauge('foleyd_worker_leaving', '1 if it takes no more jobs', leaving ? 1 : 0),
    gauge('foleyd_worker_slots', 'Clips that it makes at a time', slots),
    gauge('foleyd_worker_voices', 'Voices that it makes', offers.length),
    gauge('foleyd_worker_rate', 'Clips a second over the last minute', rate),
    {
      name: 'foleyd_worker_running',
      help: 'Clips that it makes now',
      type: 'gauge',
      values: Object.entries(running).map(([urgency, value]) => ({ labels: { urgency }, value })),
    },
    {
      name: 'foleyd_worker_jobs_total',
      help: 'Jobs since it started, by how they ended',
      type: 'counter',
      values: [
        { labels: { outcome: 'made' }, value: made },
        { labels: { outcome: 'failed' }, value: failed },
      ],
    },
    ...engineMetrics(engine),
  ];
}
