import { shortageOf } from './shortage.ts';
import { forkChild } from './start-child.ts';

/** How a child ended that sent no message. */
export class ChildEnded extends Error {
  override readonly name = 'ChildEnded';
}

/**
 * Runs a TypeScript file in a child process, discards its output, and resolves with the first message it sends.
 * @param patienceMs after which it is killed
 * @throws ChildEnded when it ends without a message
 */
export function runChild<T>(source: URL, args: readonly string[], patienceMs?: number): Promise<T> {
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
