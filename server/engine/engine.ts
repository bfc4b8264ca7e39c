/** What the rest of the server sees of the engine. Nothing here, or below it, knows of any protocol. */

import type { Conditioning } from '../cards/conditioning.ts';
import type { FarmInfo, FarmStatus } from './farm-status.ts';

/** How many events a second a sound shall have, and which part of it a clip is. */
export interface Density {
  perSecond: number;
  /** Of the whole sound, which may have more pieces than one. */
  seed: number;
  /** The mel frame of it that the clip begins with. */
  frame: number;
}

export interface EngineRequest extends Conditioning {
  /** The voice's folder: card.json and its graphs. */
  voiceDir: string;
  /** uint32. Same seed, voice and parameters give the same clip. */
  seed: number;
  /** 0 takes the likeliest code of every cell. */
  temperature: number;
  /** Only the k likeliest codes of a cell; 0 for all. */
  topK: number;
  /** Only the likeliest codes that together reach this probability; 1 for all. */
  topP: number;
  /** Level in dB of every mel frame of the clip, which it follows; only of voices whose card has a `prior.contour`. */
  contour?: Float32Array;
  /** Mean power in dB of every mel bin of the clip, the strongest 0, which it follows; only of voices whose card has a `prior.spectrum`. */
  spectrum?: Float32Array;
  /** Instead of a contour: as many events a second as its own shall have; a class of which the voice draws no contours has them as without. */
  density?: Density;
  /** Hz of the audio handed back. */
  rate: number;
  previews: boolean;
  /** Tells of the audio as it is made, where the voice's own rate is asked for. */
  stream?: boolean;
  /** With `stream`: in parts that can be played as they come, the clip's own samples within 1e-5. */
  live?: boolean;
  /** Somebody waits for it: clips that nobody waits for stand back. */
  urgent?: boolean;
  /** Rows x columns in raster order: only decode these, sample nothing. */
  codes?: Uint16Array;
  /** Raster order: where `given` is 1 the code is taken from here, elsewhere it is sampled. */
  start?: { codes: Uint16Array; given: Uint8Array };
  /** A stream that goes on: its sound is told as it is made, and its result holds none. Voices whose rows are steps of time. */
  endless?: EndlessRequest;
}

/** What a stream without end is, beside what it begins with. */
export interface EndlessRequest {
  /** Rows of the grid after which it ends; null goes on until it is cancelled. */
  steps: number | null;
  /** Seconds that it may be ahead of real time; null makes it as fast as it can be. */
  ahead: number | null;
  /** Seconds of sound that are rendered together at most, but no less than a row. Rounding depends on it. */
  partSeconds: number;
  /** Gain in dB. */
  level: number;
  /** Events a second; null for as many as the class has by itself. */
  density?: number | null;
  /** Instead of a density: levels in dB of its mel frames, which it follows, the last of them for all later ones. */
  levels?: Float32Array;
  /** What was told may be told again, as it is after a change: each sound takes the place of what was told from its offset on. */
  revise?: boolean;
  /** Changes that are known before, each at its step, in order. */
  changes: readonly (EndlessChange & { step: number })[];
}

/**
 * A change of an endless stream. It applies from the next audio that is sent on or, with `revise`, from the next that
 * will be audible. All but a change of level sample rows again if there is time; otherwise they apply from a later
 * row on.
 */
export interface EndlessChange {
  classWeights?: number[];
  /** null: no class in particular. */
  avoid?: number[] | null;
  guidance?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  level?: number;
  /** null: as many events as the class has by itself, and no levels any more. */
  density?: number | null;
  /** Instead of a density, from the row on that the change counts from: as in the request. */
  levels?: Float32Array;
  /** Of those known before: rows from its step on had been drawn without it, and their sound fades over. */
  redrawn?: boolean;
  /** Of those redrawn: the mel frame of its step from which that sound is heard; 0 if absent. */
  frame?: number;
  /** Told again where the change is told, and not looked at. */
  label?: object;
}

export type EngineEvent =
  | { type: 'started' }
  | { type: 'row'; row: number; rows: number; codes: Uint16Array }
  /** The clip as its first `codebooks` codebooks tell it, mono; its first `seconds` alone where its rows go along time. */
  | { type: 'preview'; codebooks: number; seconds?: number; rate: number; pcm: Float32Array }
  /** The clip itself from sample `offset` on, in order, before the whole is done; `total` samples will come. */
  | { type: 'audio'; offset: number; total: number; rate: number; pcm: Float32Array }
  /** A stream's sound from sample `offset` on: rows `step` to `step + steps`, in place of what was told from there. `gaps`: how often it came too late so far. */
  | { type: 'sound'; step: number; steps: number; offset: number; rate: number; pcm: Float32Array; gaps: number }
  /** A stream is drawn, or sounds, otherwise from this row on. */
  | { type: 'changed'; step: number; change: EndlessChange };

export interface EngineTimings {
  sampleMs: number;
  decodeMs: number;
  vocodeMs: number;
  /** Since the engine began with this clip. */
  firstRowMs: number;
  firstPreviewMs: number | null;
  totalMs: number;
}

export interface EngineResult {
  /** Rows x columns in raster order. */
  codes: Uint16Array;
  /** Hz. */
  rate: number;
  /** Mono, -1..1. */
  pcm: Float32Array;
  timings: EngineTimings;
  /** Of a clip that a farm made: the worker, and the fingerprint of its arithmetic. */
  maker?: { worker: string; fingerprint: string };
}

export interface EngineRun {
  /** Rejects with an EngineError. */
  done: Promise<EngineResult>;
  /** A queued run ends at once, a running one before its next row. */
  cancel(): void;
  /** Changes a stream that goes on; of any other run it does nothing. */
  steer(change: EndlessChange): void;
}

export { EngineError, type EngineErrorCode } from './errors.ts';

export interface EngineInfo {
  /** Stalled: it has something to do and does nothing, or was stopped; it is replaced if that lasts. */
  state: 'starting' | 'ready' | 'stalled' | 'restarting' | 'closed';
  pid: number | null;
  restarts: number;
  /** Where decoder and vocoder run. */
  provider: string;
  /** That render in each process; one more samples. */
  threads: number;
  /** Processes that make clips: how many there are, and how many there may be. */
  lanes: { open: number; most: number };
  ortVersion: string;
  /** Folders of the voices in memory. */
  voices: string[];
  /** Resident memory of all its processes. */
  memoryMb: number | null;
  /** The farm that makes its clips, where there is one. */
  farm?: FarmInfo;
}

export interface Engine {
  info(): EngineInfo;
  /** The engine of this process, where clips are made elsewhere as well: what is tried is tried by it. */
  readonly own?: Engine;
  /** The farm that makes its clips, where there is one. */
  readonly farm?: { status(): Promise<FarmStatus> };
  /** Loads and checks a voice, so that its first clip does not wait. */
  load(voiceDir: string): Promise<void>;
  /** Clips that it makes at the same time, and as many urgent ones beside them. */
  readonly slots: number;
  /** Runs begin in order, urgent ones first. Nothing that runs beside a clip can change its bits. */
  run(request: EngineRequest, on: (event: EngineEvent) => void): EngineRun;
  close(): Promise<void>;
}
