import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import process from 'node:process';

const { PRIORITY_BELOW_NORMAL } = constants.priority;

/**
 * Lowers the priority of this process below that of audio playback: the server's mixer, a DAW, the browser. Later threads
 * inherit it. On Linux each thread has its own priority, and V8 has already started those that collect garbage and compile:
 * with theirs unchanged, a busy engine would take two cores from a player.
 */
export function lowerPriority(priority = PRIORITY_BELOW_NORMAL): void {
  for (const thread of threads()) {
    try {
      if (getPriority(thread) < priority) setPriority(thread, priority);
    } catch {
      // Not permitted, which costs only priority, or the thread has ended.
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
