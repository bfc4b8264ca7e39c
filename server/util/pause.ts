import { setMaxListeners } from 'node:events';

/** Resolves after so many milliseconds, or as soon as a signal is aborted; never rejects. By the global timer, which tests may turn. */
export function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of signals) {
      // Any number may wait for one that lasts; Node takes more than ten for a leak.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', end);
    }
    if (signals.some(({ aborted }) => aborted)) end();
  });
}
