import type { ConfigInput } from '../config.ts';
import { serve as runServer } from '../main.ts';

/** `foleyd serve`: the server itself, until it is told to stop. Resolves with the exit code. */
export async function serve(config: ConfigInput): Promise<number> {
  return runServer(config);
}
