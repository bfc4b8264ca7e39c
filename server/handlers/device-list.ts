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
  // A process asks the system: not one for each of many requests, nor another while it waits.
  let last: { at: number; isOver: boolean; found: ReturnType<typeof outputs> } | null = null;
  const recent = (): ReturnType<typeof outputs> => {
    if (last !== null && (!last.isOver || now() - last.at < FRESH_MS)) return last.found;
    const asked = { at: now(), isOver: false, found: outputs() };
    last = asked;
    return asked.found.finally(() => (asked.isOver = true));
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
