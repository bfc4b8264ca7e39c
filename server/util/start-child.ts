import { ChildProcess, type ForkOptions, fork, spawnSync } from 'node:child_process';
import process from 'node:process';
import { endWithParent } from './child-exit.ts';
import { program } from './program.ts';

/**
 * Starts a child process that ends with this one. If the system refuses, the child emits `error` and has no pid; for
 * some refusals, such as lack of memory, Node would throw instead, which from a timer would end the server.
 */
export function startChild(start: () => ChildProcess): ChildProcess {
  try {
    const child = start();
    endWithParent(child);
    return child;
  } catch (error) {
    const none = new ChildProcess();
    // Its handle has no process number, or any: the signal could go to this process's whole group.
    none.kill = () => false;
    process.nextTick(() => none.emit('error', error));
    return none;
  }
}

/**
 * Runs one of our source files in a child process with a message channel. On Linux it ends with the main thread of
 * this process.
 */
export function forkChild(source: URL, args: readonly string[], options: ForkOptions): ChildProcess {
  return startChild(() => {
    const { file, execArgv } = program(source);
    const how = endsOrphans()
      ? { execPath: SETPRIV, execArgv: [...PARENT_DEATH, process.execPath, ...execArgv] }
      : { execArgv };
    return fork(file, [...args], { ...options, ...how });
  });
}

/**
 * A child notices by its channel that we are gone, but not while it is stopped or goes round in circles, and our exit tells
 * nobody where we are killed: it would keep its memory for ever. This program of util-linux asks the kernel to end what it
 * becomes when its parent ends; the process number stays the same.
 */
const SETPRIV = 'setpriv';
const PARENT_DEATH = ['--pdeathsig', 'KILL'];

let asked: boolean | null = null;

/** Whether it is there, and knows the option. */
export function endsOrphans(): boolean {
  if (process.platform !== 'linux') return false;
  if (asked !== null) return asked;
  const { status, error } = spawnSync(SETPRIV, [...PARENT_DEATH, 'true'], { stdio: 'ignore', timeout: 5000 });
  const isSettled = error === undefined || (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (isSettled) asked = status === 0;
  return status === 0;
}
