/** What is waited for at a broker, of one fingerprint and urgency. */
export interface FarmQueue {
  fingerprint: string;
  urgency: 'live' | 'bulk';
  waiting: number;
  taken: number;
  repeated: number;
}

/** What a server counts of its farm. */
export interface FarmCounts {
  /** Why its broker cannot be used; null while it can. */
  problem: string | null;
  /** Clips that this server waits for; those that wait for the broker to come back are held. */
  pending: number;
  held: number;
  /** Clips that came from the farm, those of them that it had made before, and those that were made here instead. */
  made: number;
  cached: number;
  local: number;
}

/** What is known of a farm without asking the broker. */
export interface FarmInfo extends FarmCounts {
  /** Open: its broker can be used. */
  state: 'open' | 'lost';
  workers: number;
  /** Clips that the workers make at a time. */
  slots: number;
}

/** State of a farm, as `farm.status` reports it. */
export interface FarmStatus extends FarmCounts {
  state: 'none' | 'open' | 'lost';
  broker: string | null;
  workers: FarmWorkerStatus[];
  queues: FarmQueue[];
  own: Omit<VoiceOf, 'name'>[];
  clipBytes: number;
  voiceBytes: number;
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
