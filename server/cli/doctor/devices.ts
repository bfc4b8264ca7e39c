import { runChild } from '../../util/run-child.ts';
import { type Finding, ok, warn } from './check.ts';
import type { AudioProbe, MidiProbe } from './probe.ts';

const PATIENCE_MS = 30_000;

/** What can play sound. Without any, foleyd still makes clips. */
export async function audio(): Promise<Finding> {
  const found = await probe<AudioProbe>('audio');
  if (typeof found === 'string') return warn('no_audio', `the audio library failed: ${found}`);
  if (found.rate === null)
    return warn('no_audio', `no audio device can be opened; clips can still be generated (${found.error})`);
  const names = found.outputs.length > 0 ? found.outputs.join(', ') : 'a default device';
  return ok(`${names}, opened at ${found.rate} Hz`, { ...found });
}

export async function midi(): Promise<Finding> {
  const found = await probe<MidiProbe>('midi');
  if (typeof found === 'string') return warn('no_midi', `the MIDI library failed: ${found}`);
  if (found.error !== null) return warn('no_midi', `no MIDI on this machine (${found.error.split('\n').at(-1)})`);
  const list = (names: string[]) => (names.length > 0 ? names.join(', ') : 'none');
  return ok(`inputs: ${list(found.inputs)}; outputs: ${list(found.outputs)}`, { ...found });
}

/** The answer of probe.ts, or how it ended without one. */
function probe<T>(what: string): Promise<T | string> {
  return runChild<T>(new URL('./probe.ts', import.meta.url), [what], PATIENCE_MS).catch(
    (error: Error) => error.message,
  );
}
