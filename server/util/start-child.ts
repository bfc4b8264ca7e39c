import { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { endWithParent } from './child-exit.ts';

/**
 * The child that `start` starts, ended with this process. One that the system refuses tells of it by `error` alone and has no
 * pid: Node throws for some refusals, as for lack of memory, and from a timer that would end the server.
 */
export function startChild(start: () => ChildProcess): ChildProcess {
  try {
    const child = start();
    endWithParent(child);
    return child;
  } catch (error) {
    const none = new ChildProcess();
    process.nextTick(() => none.emit('error', error));
    return none;
  }
}
