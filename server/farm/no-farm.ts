import type { FarmStatus } from '../engine/farm-status.ts';

/** Of a server without a farm. */
export const noFarm: FarmStatus = {
  state: 'none',
  problem: null,
  broker: null,
  workers: [],
  queues: [],
  own: [],
  clipBytes: 0,
  voiceBytes: 0,
  pending: 0,
  held: 0,
  made: 0,
  cached: 0,
  local: 0,
};
