import process from 'node:process';
import { SerialQueue } from '../../util/serial-queue.ts';
import { toEngineError } from '../errors.ts';
import { lowerPriority } from './lower-priority.ts';
import { onParentExit } from './parent-exit.ts';
import type { Answer, Task } from './task-process.ts';

/**
 * The other side of a TaskProcess: does tasks one after the other, and leaves when the server does.
 * @param priority of `lowerPriority`
 */
export function serveTasks<T>(perform: (payload: T) => Promise<unknown>, priority?: number): void {
  lowerPriority(priority);
  // A stop reaches the whole process group: the server decides when this process goes.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  onParentExit(() => process.exit(0));
  const send = (message: Answer): void => void (process.connected && process.send?.(message));
  const queue = new SerialQueue();
  process.on('message', ({ task, payload }: Task<T>) => {
    void queue.run(async () => {
      try {
        send({ task, type: 'answer', answer: await perform(payload) });
      } catch (error) {
        const { code, message } = toEngineError(error);
        send({ task, type: 'failed', code, message });
      }
    });
  });
}
