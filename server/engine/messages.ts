import type { EngineEvent, EngineRequest, EngineResult } from './engine.ts';
import type { EngineErrorCode } from './errors.ts';

/** From the server to the engine's process. */
export type ToChild =
  | { type: 'load'; task: number; voiceDir: string }
  | { type: 'run'; task: number; request: EngineRequest }
  | { type: 'cancel'; task: number };

/** From the engine's process to the server. Every load and run ends in exactly one loaded, done or failed. */
export type FromChild =
  | { type: 'ready'; provider: string; ortVersion: string }
  | { type: 'event'; task: number; event: EngineEvent }
  | { type: 'loaded'; task: number; status: ChildStatus }
  | { type: 'done'; task: number; result: EngineResult; status: ChildStatus }
  | { type: 'failed'; task: number; code: EngineErrorCode; message: string; status: ChildStatus };

export interface ChildStatus {
  voices: string[];
  memoryMb: number;
}
