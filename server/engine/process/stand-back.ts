import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import process from 'node:process';

const { PRIORITY_BELOW_NORMAL } = constants.priority;

/**
 * Lets all others go first: whoever plays sound, the server's own mixing, and the host or the page beside it. Threads that
 * are made later inherit it. On Linux a priority is one thread's, and V8 has made those already that collect garbage and
 * compile: an engine that is busy would take two cores from a player by them.
 */
export function standBack(priority = PRIORITY_BELOW_NORMAL): void {
  for (const thread of threads()) {
    try {
      if (getPriority(thread) < priority) setPriority(thread, priority);
    } catch {
      // Where that is forbidden it works all the same; and a thread may have ended.
    }
  }
}

function threads(): number[] {
  if (process.platform !== 'linux') return [process.pid];
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}
