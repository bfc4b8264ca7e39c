import type { ConfigInput } from '../config.ts';
import { serve as runServer } from '../main.ts';

/** `foleyd serve`: runs the server until a signal stops it. Resolves with the exit code. */
export async function serve(config: ConfigInput): Promise<number> {
  return runServer(config);
}
