import type { EndlessChange, EngineEvent, EngineRequest, EngineResult } from '../engine.ts';
import type { EngineErrorCode } from '../errors.ts';

/** From the server to the engine's process. */
export type ToChild =
  | { type: 'load'; task: number; voiceDir: string }
  | { type: 'run'; task: number; request: EngineRequest }
  | { type: 'steer'; task: number; change: EndlessChange }
  | { type: 'cancel'; task: number };

/** From the engine's process to the server. Every load and run ends in exactly one loaded, done or failed. */
export type FromChild =
  | { type: 'ready'; provider: string; problems: Record<string, string>; ortVersion: string }
  | { type: 'event'; task: number; event: EngineEvent }
  | { type: 'loaded'; task: number; status: ChildStatus }
  | { type: 'done'; task: number; result: EngineResult; status: ChildStatus }
  | { type: 'failed'; task: number; code: EngineErrorCode; message: string; status: ChildStatus };

/**
 * Copies a typed array. Those of a message are views on a buffer that several messages share: without a copy
 * `.buffer` would expose bytes of other clips, and a stored row would keep the whole message in memory.
 */
export function ownCopy(message: FromChild): FromChild {
  if (message.type === 'event') {
    const { event } = message;
    if (event.type === 'row') event.codes = event.codes.slice();
    else if (event.type === 'preview' || event.type === 'audio' || event.type === 'sound')
      event.pcm = event.pcm.slice();
  } else if (message.type === 'done') {
    const { result } = message;
    result.codes = result.codes.slice();
    result.pcm = result.pcm.slice();
  }
  return message;
}

export interface ChildStatus {
  voices: string[];
  memoryMb: number;
}
