import { writeFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Calls `leave` when the server is gone, which may be by now: a server that is killed while its process is still loading
 * leaves a closed channel behind, of which no event tells any more.
 */
export function onParentExit(leave: () => void): void {
  goFirst();
  process.on('disconnect', leave);
  if (!process.connected) leave();
}

/** Where memory runs out, Linux ends a process that runs graphs and not the server, which starts another. */
function goFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Other systems have no such file.
  }
}
