import type { ConfigInput } from '../config.ts';
import { runWorker, type WorkerOptions } from '../worker.ts';

/** `foleyd worker`: renders clips for a farm until a signal stops it. Resolves with the exit code. */
export async function worker(config: ConfigInput, options: WorkerOptions): Promise<number> {
  return runWorker(config, options);
}
