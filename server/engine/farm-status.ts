/** What is waited for at a broker, of one fingerprint and urgency. */
export interface FarmQueue {
  fingerprint: string;
  urgency: 'live' | 'bulk';
  waiting: number;
  taken: number;
  repeated: number;
}

/** Everything that is known of a farm, as `farm.status` tells it. */
export interface FarmStatus {
  state: 'none' | 'open' | 'lost';
  problem: string | null;
  broker: string | null;
  workers: FarmWorkerStatus[];
  queues: FarmQueue[];
  own: Omit<VoiceOf, 'name'>[];
  clipBytes: number;
  voiceBytes: number;
  pending: number;
  held: number;
  made: number;
  cached: number;
  local: number;
}

export interface FarmWorkerStatus {
  worker: string;
  host: string;
  version: string;
  lanes: number;
  slots: number;
  voices: VoiceOf[];
  live: number;
  bulk: number;
  made: number;
  failed: number;
  rate: number;
  uptime: number;
  leaving: boolean;
}

interface VoiceOf {
  voice: string;
  name: string;
  fingerprint: string;
  arithmetic: string;
}
