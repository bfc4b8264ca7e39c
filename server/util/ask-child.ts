import { shortageOf } from './shortage.ts';
import { forkChild } from './start-child.ts';

/** How a child ended that sent nothing. */
export class ChildEnded extends Error {
  override readonly name = 'ChildEnded';
}

/**
 * Runs a TypeScript file in a process of its own, its output thrown away, and gives the one message it sends.
 * @param patienceMs it is killed then
 * @throws ChildEnded when it ends without a message
 */
export function askChild<T>(source: URL, args: readonly string[], patienceMs?: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = forkChild(source, args, {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      ...(patienceMs === undefined ? {} : { timeout: patienceMs, killSignal: 'SIGKILL' }),
    });
    child.once('message', (answer) => resolve(answer as T));
    child.once('error', (error) => reject(shortageOf(error, 'no process could be started') ?? error));
    child.once('exit', (code, signal) =>
      reject(new ChildEnded(signal ? `killed by ${signal}` : `ended with exit code ${code}`)),
    );
  });
}
