import { execFile } from 'node:child_process';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Until the JACK server of this name takes clients: on a busy machine seconds after it was started. */
export async function jackServes(name: string): Promise<void> {
  const env = { ...process.env, JACK_DEFAULT_SERVER: name, JACK_NO_START_SERVER: '1' };
  for (let tries = 0; ; tries++) {
    try {
      await run('jack_lsp', [], { env });
      return;
    } catch (error) {
      if (tries === 300) throw error;
      await wait(100);
    }
  }
}
