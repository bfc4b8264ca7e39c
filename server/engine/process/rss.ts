/** Memory of child processes: what they use, and what they may use. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import process from 'node:process';

/** Bytes of memory that a process holds; null where the system does not say. A file of /proc is never waited for. */
export function residentBytes(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

/**
 * Bytes that a process may take which runs the graphs of a voice, beside the voices it keeps. The largest voice that is
 * known takes a quarter; a few bytes of graph can ask for all there are, and only for some codes.
 */
export function memoryCeiling(): number {
  const constrained = process.constrainedMemory();
  const all = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
  return Math.min(4 * 2 ** 30, Math.floor(all * 0.75));
}
