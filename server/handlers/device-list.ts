import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Playback } from '../playback/playback.ts';

export interface DeviceDeps {
  midi: () => EventData<'device.list', 'done'>['midi'];
  outputs: () => Promise<{ name: string }[]>;
  /** What plays, once anything has. */
  openPlayback: () => Playback | null;
}

/** Milliseconds that a list of outputs is given to whoever asks. */
const FRESH_MS = 1000;

/** `device.list`. */
export function deviceList(
  { midi, outputs, openPlayback }: DeviceDeps,
  now: () => number = () => performance.now(),
): Handler<'device.list'> {
  // The system is asked on the thread that plays, for 10 ms and more: not for each of many requests.
  let last: { at: number; found: ReturnType<typeof outputs> } | null = null;
  const recent = (): ReturnType<typeof outputs> => {
    if (last === null || now() - last.at >= FRESH_MS) last = { at: now(), found: outputs() };
    return last.found;
  };
  return async () => {
    const open = () => ({ output: openPlayback()?.info().device ?? null, midi: midi() });
    try {
      const found = await recent();
      return { outputs: found.map(({ name }) => name), outputsProblem: null, ...open() };
    } catch (error) {
      return { outputs: [], outputsProblem: (error as Error).message, ...open() };
    }
  };
}
