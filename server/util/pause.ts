import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after so many milliseconds, or as soon as the signal is aborted; never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => undefined);
}
