import { ChildEnded, runChild } from '../util/run-child.ts';
import type { Device } from './outputs.ts';

/** Milliseconds that the sound system has for an answer; a machine at work takes one second of them. */
const PATIENCE_MS = 10_000;
const CHILD = new URL('./devices-child.ts', import.meta.url);

/**
 * The outputs of the system. The library asks it on the thread that calls, and a JACK server that is stopped never answers:
 * so another process asks. Rejects with what to do.
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
