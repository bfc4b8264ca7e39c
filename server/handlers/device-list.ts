import type { EventData } from '../../protocol/index.ts';
import type { Handler } from '../registry.ts';

export interface DeviceDeps {
  midi: () => EventData<'device.list', 'done'>['midi'];
  outputs: () => Promise<{ name: string }[]>;
}

/** `device.list`. */
export function deviceList({ midi, outputs }: DeviceDeps): Handler<'device.list'> {
  return async () => {
    try {
      const found = await outputs();
      return { outputs: found.map(({ name }) => name), outputsProblem: null, midi: midi() };
    } catch (error) {
      return { outputs: [], outputsProblem: (error as Error).message, midi: midi() };
    }
  };
}
