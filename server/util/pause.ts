import { eitherSignal } from './either-signal.ts';

/** Resolves after so many milliseconds, or as soon as a signal is aborted; never rejects. By the global timer, which tests may turn. */
export function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const { signal, release } = eitherSignal(...signals);
    const end = (): void => {
      clearTimeout(timer);
      release();
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
