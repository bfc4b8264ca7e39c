import type { SchedulerUsage } from '../dispatch/scheduler.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { gauge, type Metric } from './metrics.ts';
import { engineMetrics } from './of-engine.ts';

/** What a server says of itself. `ended`: jobs by outcome since it started. */
export function serverMetrics(
  { running, waitingJobs, waitingClips }: SchedulerUsage,
  ended: Readonly<Record<string, number>>,
  saved: { clips: number; bytes: number },
  engine: EngineInfo,
): Metric[] {
  return [
    {
      name: 'foleyd_jobs_total',
      help: 'Jobs that ended, by outcome',
      type: 'counter',
      values: Object.entries(ended).map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    gauge('foleyd_jobs_running', 'Jobs that have begun', running),
    gauge('foleyd_jobs_waiting', 'Jobs that have not begun', waitingJobs),
    gauge('foleyd_clips_waiting', 'Clips of these jobs', waitingClips),
    gauge('foleyd_clips_saved', 'Saved clips', saved.clips),
    gauge('foleyd_clips_saved_bytes', 'Bytes of saved clips', saved.bytes),
    ...engineMetrics(engine),
  ];
}
