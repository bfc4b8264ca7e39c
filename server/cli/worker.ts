import type { ConfigInput } from '../config.ts';
import { runWorker, type WorkerOptions } from '../worker.ts';

/** `foleyd worker`: makes clips of a render farm, until it is told to stop. Resolves with the exit code. */
export async function worker(config: ConfigInput, options: WorkerOptions): Promise<number> {
  return runWorker(config, options);
}
