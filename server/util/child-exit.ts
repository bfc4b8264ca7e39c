import type { ChildProcess } from 'node:child_process';
import process from 'node:process';

/** Children that are there. Like the process's own list of them, one for all that runs in it. */
const children = new Set<ChildProcess>();

/**
 * Ends a child when this process exits, however that comes: by a second signal, or by a fault. Most children notice by
 * themselves that their parent is gone; one that is stopped or hangs does not.
 */
export function endWithParent(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', endAll);
  children.add(child);
  const over = (): void => {
    children.delete(child);
    if (children.size === 0) process.removeListener('exit', endAll);
  };
  child.once('exit', over);
  child.once('error', () => child.pid === undefined && over());
}

function endAll(): void {
  for (const child of children) child.kill('SIGKILL');
}
