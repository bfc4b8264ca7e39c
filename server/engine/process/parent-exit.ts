import process from 'node:process';

/**
 * Calls `leave` when the server is gone, which may be by now: a server that is killed while its process is still loading
 * leaves a closed channel behind, of which no event tells any more.
 */
export function onParentExit(leave: () => void): void {
  process.on('disconnect', leave);
  if (!process.connected) leave();
}
