import { z } from 'zod';
import { limits as wire } from '../protocol/limits.ts';

/** Bounds that keep one client from taking the server from the others. All have defaults; tests narrow them. */
export const limitsSchema = z.strictObject({
  /** Jobs that may wait; the running one does not count. */
  queueJobs: z.int().min(1).max(100_000).default(wire.queueJobs),
  /** Clips that may wait, over all jobs (a job asks for 1 to 64). */
  queueClips: z.int().min(1).max(1_000_000).default(2048),
  /** Requests one connection may have open at once. */
  openRequests: z.int().min(1).max(10_000).default(wire.openRequests),
  /** Streams that play at a time. */
  streams: z.int().min(0).max(16).default(wire.streams),
  /** Milliseconds that a stream goes on whose client may have left unseen. */
  streamQuietMs: z.int().min(20).default(wire.streamQuietMs),
  /** Whether such a client may ask for a stream without a lease: 1, or 0. */
  streamUnleased: z.int().min(0).max(1).default(1),
  /** Bytes of one WebSocket message, HTTP body or datagram. */
  messageBytes: z.int().min(64).max(wire.frameBytes).default(wire.frameBytes),
  /** Bytes waiting for one client above which rows and previews are left out. */
  slowBytes: z.int().min(1024).default(wire.bufferedSoftBytes),
  /** Bytes waiting for one client above which it is closed with slow_client. */
  stuckBytes: z.int().min(4096).default(wire.bufferedHardBytes),
  /** Bytes waiting for all clients together, above which those with more than an equal share are closed. */
  unsentBytes: z
    .int()
    .min(4096)
    .default(512 * 2 ** 20),
  /** Connections over HTTP and WebSocket together. */
  connections: z.int().min(1).default(wire.connections),
  /** Milliseconds of silence after which a WebSocket with nothing open may be closed for a newcomer. */
  connectionIdleMs: z.int().min(0).default(wire.connectionIdleMs),
  /** Milliseconds between pings on a WebSocket; two unanswered ones end it. */
  heartbeatMs: z.int().min(20).default(30_000),
  /** Senders of OSC remembered; the one idle for longest is forgotten first. */
  oscSenders: z.int().min(1).default(256),
  /** Milliseconds ahead that an OSC time tag may lie. */
  oscHorizonMs: z.int().min(0).max(3_600_000).default(wire.oscHorizonMs),
  /** Milliseconds that a watch goes on whose client may have left unseen. */
  watchQuietMs: z.int().min(20).default(wire.watchQuietMs),
  /** OSC bundles waiting for their time. */
  oscTimed: z.int().min(0).default(1024),
  /** Saved clips kept; the oldest go first. */
  clips: z.int().min(1).default(10_000),
  /** Bytes of saved clips kept. */
  clipBytes: z
    .int()
    .min(2 ** 20)
    .default(4 * 2 ** 30),
  /** Days that deleted clips, voices and data sets can be restored; 0 deletes them at once. */
  trashDays: z.int().min(0).max(36_500).default(30),
  /** Bytes of everything that can be restored; the oldest goes first. */
  trashBytes: z
    .int()
    .min(0)
    .default(4 * 2 ** 30),
  /** Trainings that may wait; the running one does not count. */
  trainings: z.int().min(1).max(1000).default(8),
  /** Bytes of memory one training may take, and that must be free to begin one. */
  trainingMemory: z
    .int()
    .min(1)
    .default(16 * 2 ** 30),
  trainingFreeMemory: z
    .int()
    .min(0)
    .default(2 ** 30),
  /** Bytes of disk that must be free, before and while a training runs. */
  trainingFreeDisk: z
    .int()
    .min(0)
    .default(2 * 2 ** 30),
  /** Bytes of the recordings of one data set, uploaded or in a folder. */
  datasetBytes: z
    .int()
    .min(1)
    .default(4 * 2 ** 30),
  /** Hours of the recordings of one data set, decoded: a small file may be days long. */
  datasetHours: z.number().gt(0).max(10_000).default(100),
  /** Bytes of a voice that is brought in. */
  voiceBytes: z.int().min(1).default(wire.voiceFileBytes),
  /** Bytes of the folder of exports, and of that of deliveries. */
  deliverBytes: z
    .int()
    .min(1)
    .default(64 * 2 ** 30),
  /** Bytes of disk that must be free beside what is exported or delivered. */
  deliverFreeDisk: z
    .int()
    .min(0)
    .default(2 ** 30),
  /** Milliseconds that open jobs may take to finish when the server is asked to stop. */
  drainMs: z.int().min(0).default(10_000),
});

export type Limits = z.infer<typeof limitsSchema>;
export type LimitsInput = z.input<typeof limitsSchema>;
