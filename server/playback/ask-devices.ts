import { ChildEnded, runChild } from '../util/run-child.ts';
import type { Device } from './outputs.ts';

/** Milliseconds that the sound system has for an answer; a machine at work takes one second of them. */
const PATIENCE_MS = 10_000;
const CHILD = new URL('./devices-child.ts', import.meta.url);

/**
 * Lists the audio outputs in a child process: the library blocks the calling thread, and a stopped JACK server never
 * answers. Rejects with a remedy.
 */
export async function askDevices(patienceMs = PATIENCE_MS, child = CHILD): Promise<Device[]> {
  const found = await runChild<Device[] | string>(child, [], patienceMs).catch((error: unknown) => {
    if (!(error instanceof ChildEnded)) throw error;
    const why = `the sound system gave no answer in ${patienceMs / 1000} s (${error.message})`;
    throw new Error(`${why}; start its server (JACK, PipeWire) again`, { cause: error });
  });
  if (typeof found === 'string') throw new Error(found);
  return found;
}
