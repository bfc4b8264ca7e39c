import type { EngineRequest, EngineResult } from '../engine/engine.ts';
import type { JobEvent } from './job-events.ts';

/**
 * A job for the scheduler: clips, of which the engine may sample several at once. They are reported done together, or
 * none is.
 */
export interface JobOrder {
  /** 16 hexadecimal digits, of a job that already has an id; drawn without. */
  id?: string;
  /** The larger job that it is a part of: what is said of that one holds for it. */
  group?: string;
  /** Waits until it is resumed. */
  paused?: boolean;
  /** The session that asked; only the log reads it. */
  owner: string;
  /** Whose turn it uses up: the session's own without. */
  client?: string;
  clips: EngineRequest[];
  /** Nobody waits for any of them: every other job goes first. */
  patient?: boolean;
  /** Aborted when the session is gone: the job is cancelled. */
  signal: AbortSignal;
  /**
   * Takes each finished clip, in order, one after the other. The engine goes on meanwhile, with one clip more than it makes at
   * once: so many of a job are begun and not yet taken, and that bounds the results in memory. A rejection fails the job. It may put further clips behind the
   * others in `clips` before it resolves.
   */
  onClip(index: number, result: EngineResult): Promise<void>;
  /** Hears what happens to the job, before the bus does: `queued` within `submit`, everything else after it. What it throws fails the job. */
  onEvent?(event: JobEvent): void;
}

/** Whose turn a job uses up. */
export function clientOf({ owner, client = owner }: Pick<JobOrder, 'owner' | 'client'>): string {
  return client;
}

/** Whether a job runs in the background, behind all jobs that a client waits for. */
export function isPatient({ patient = false }: Pick<JobOrder, 'patient'>): boolean {
  return patient;
}

export interface Job {
  /** 16 hexadecimal digits, not to be guessed: who knows it may cancel it. */
  id: string;
  /** Jobs before this one, the running one included. */
  position: number;
  /** Rejects with a ProtocolError. */
  done: Promise<void>;
}

export interface SchedulerUsage {
  running: number;
  waitingJobs: number;
  waitingClips: number;
  maxJobs: number;
  maxClips: number;
}

/** A job that has not ended. */
export interface OpenJob {
  id: string;
  group: string | null;
  owner: string;
  /** Milliseconds since 1970. */
  created: number;
  state: 'queued' | 'running' | 'paused';
  clips: number;
  made: number;
}

/** In front of which others a job goes: all, or those of the same client. */
export type Front = 'all' | 'own';

/** What handlers see of the queue. */
export interface Scheduler {
  /** Throws queue_full or shutting_down. `queued` is published at once, everything else after the caller's turn of the loop. */
  submit(order: JobOrder): Job;
  /** False when there is no such job, or it has ended. */
  cancel(job: string): boolean;
  has(job: string): boolean;
  /** Jobs that have not ended, in order of arrival. */
  list(): OpenJob[];
  /** Begins no more clips of a job, or of a group's jobs, or goes on. Whether that changed anything. */
  pause(job: string, paused: boolean): boolean;
  /** Whether there is such a job, or one of such a group. */
  move(job: string, front: Front): boolean;
  /** A job that has clips of the voice in this folder, or of one it carries along, running or waiting; null where there is none. */
  userOf(voiceDir: string): string | null;
  usage(): SchedulerUsage;
}
