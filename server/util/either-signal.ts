import { setMaxListeners } from 'node:events';

/**
 * Aborted as soon as one of those is, for its reason, until `release`. AbortSignal.any has no release: what it makes of a
 * signal that lasts stays with that signal, and with a listener it is held for ever.
 */
export function eitherSignal(...signals: readonly AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const both = new AbortController();
  const end = (event: Event): void => both.abort((event.target as AbortSignal).reason);
  for (const signal of signals) {
    if (signal.aborted) both.abort(signal.reason);
    // Any number may wait for one that lasts; Node takes more than ten for a leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', end);
  }
  return {
    signal: both.signal,
    release: () => {
      for (const signal of signals) signal.removeEventListener('abort', end);
    },
  };
}
