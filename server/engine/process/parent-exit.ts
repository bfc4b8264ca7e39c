import { writeFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Calls `leave` when the server process has exited, including before this call: if the server is killed while this
 * process loads, the channel is closed already, and no event reports it.
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
