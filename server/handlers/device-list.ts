import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Playback } from '../playback/playback.ts';

export interface DeviceDeps {
  midi: () => EventData<'device.list', 'done'>['midi'];
  outputs: () => Promise<{ name: string }[]>;
  /** What plays, once anything has. */
  openPlayback: () => Playback | null;
}

/** `device.list`. */
export function deviceList({ midi, outputs, openPlayback }: DeviceDeps): Handler<'device.list'> {
  return async () => {
    const open = () => ({ output: openPlayback()?.info().device ?? null, midi: midi() });
    try {
      const found = await outputs();
      return { outputs: found.map(({ name }) => name), outputsProblem: null, ...open() };
    } catch (error) {
      return { outputs: [], outputsProblem: (error as Error).message, ...open() };
    }
  };
}
