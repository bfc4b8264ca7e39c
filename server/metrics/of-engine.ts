import type { EngineInfo } from '../engine/engine.ts';
import { counter, gauge, type Metric } from './metrics.ts';

/** What an engine says of itself, and of the farm that makes its clips. */
export function engineMetrics({ state, restarts, lanes, memoryMb, farm }: EngineInfo): Metric[] {
  const own = [
    gauge('foleyd_engine_ready', '1 if the engine is ready', state === 'ready' ? 1 : 0),
    counter('foleyd_engine_restarts_total', 'Engine processes that ended and were replaced', restarts),
    gauge('foleyd_engine_lanes', 'Engine processes', lanes.open),
    gauge('foleyd_engine_memory_bytes', 'Resident memory of all engine processes', (memoryMb ?? 0) * 2 ** 20),
  ];
  if (farm === undefined) return own;
  return [
    ...own,
    gauge('foleyd_farm_connected', '1 if the broker of the farm can be used', farm.state === 'open' ? 1 : 0),
    gauge('foleyd_farm_workers', 'Workers that were heard of in the last seconds', farm.workers),
    gauge('foleyd_farm_slots', 'Clips that these workers make at a time', farm.slots),
    gauge('foleyd_farm_pending', 'Clips that this server waits for', farm.pending),
    gauge('foleyd_farm_held', 'Clips that wait for the broker', farm.held),
    {
      name: 'foleyd_farm_clips_total',
      help: 'Clips by where they came from: made by a worker, made before, or made here instead',
      type: 'counter',
      values: (['made', 'cached', 'local'] as const).map((from) => ({ labels: { from }, value: farm[from] })),
    },
  ];
}
