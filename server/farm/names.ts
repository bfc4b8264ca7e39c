/** What a farm is called at the broker: one stream of jobs, two stores of files, two indexes, and core subjects. */

/** Whoever waits for a clip goes before those that nobody waits for. */
export const urgencies = ['live', 'bulk'] as const;
export type Urgency = (typeof urgencies)[number];

export const JOBS = 'FOLEYD_JOBS';
/** What became of each job, by the hash of its recipe: the clip itself where it fits a message, and those that do not. */
export const OUTCOMES = 'foleyd-results';
export const CLIPS = 'foleyd-clips';
/** Voices by the SHA-256 of their card, and which of them servers want. */
export const VOICES = 'foleyd-voices';
export const WANTED = 'foleyd-wanted';

export const subjects = {
  jobs: 'foleyd.job.*.*.*',
  job: (urgency: Urgency, fingerprint: string, recipe: string): string =>
    `foleyd.job.${urgency}.${fingerprint}.${recipe}`,
  /** Rows, previews and parts of the sound: all of it may be lost. */
  events: (recipe: string): string => `foleyd.event.${recipe}`,
  /** What is put into the index comes to whoever waits for it as well: a clip leaves its worker once. */
  outcome: (recipe: string): string => `$KV.${OUTCOMES}.${recipe}`,
  /** Voices that servers want made, as they say it. */
  wanted: `$KV.${WANTED}.*`,
  /** Nobody waits for a clip any more. */
  cancel: (recipe: string): string => `foleyd.cancel.${recipe}`,
  cancels: 'foleyd.cancel.*',
  /** What a worker says of itself every BEAT_MS. */
  beats: 'foleyd.beat',
  /** Asks all workers for a beat now. */
  roll: 'foleyd.roll',
};

export const BEAT_MS = 2000;
/** Events of one clip that go in one message, at most. */
export const EVENTS_AT_ONCE = 256;

/** How long a worker holds on to a job. Tests give their own. */
export interface WorkerLimits {
  /** A job that its worker does not speak of for so many milliseconds is given to another one. */
  ackMs: number;
  /** Times that a job is begun before it fails. */
  tries: number;
  /** Milliseconds until a job is tried again that failed in a way that another try may not; the next pause is longer. */
  retryMs: number;
  /** An engine that tells nothing of a clip for so many milliseconds hangs: the job goes to another worker. */
  hangMs: number;
  /** Milliseconds until a voice is tried again that could not be made. */
  againMs: number;
}
export const workerLimits: WorkerLimits = { ackMs: 6000, tries: 10, retryMs: 250, hangMs: 120_000, againMs: 300_000 };

/** Bounds of what lies at the broker. */
export const bounds = {
  /** Jobs that wait, of all servers. */
  jobs: 100_000,
  /** Milliseconds that a result is kept, and a job that nobody takes. */
  ageMs: 24 * 3_600_000,
  /** Milliseconds in which a job that is sent again is known to be the same. */
  duplicateMs: 120_000,
  /** Bytes of the index with the clips in it, of the larger clips, and of all voices. The oldest clips go first. */
  outcomeBytes: 16 * 2 ** 30,
  clipBytes: 8 * 2 ** 30,
  voiceBytes: 8 * 2 ** 30,
  /** Bytes of one job: a request with a grid to start from, a contour and a spectrum. */
  jobBytes: 512 * 1024,
  /** Bytes of one result: ten minutes at 192 kHz in 32-bit floats. */
  resultBytes: 512 * 2 ** 20,
};

export function isHash(text: string, digits = 64): boolean {
  return text.length === digits && /^[0-9a-f]+$/.test(text);
}
