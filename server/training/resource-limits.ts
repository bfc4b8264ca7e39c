import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { ProtocolError, toProtocolError } from '../../protocol/index.ts';

export interface ResourceLimits {
  /** Bytes of memory one training may take. */
  memory: number;
  /** Bytes of memory, and of disk, that must be free. */
  freeMemory: number;
  freeDisk: number;
}

/** Throws no_room where too little is free to begin, or, with the process that runs, to go on. */
export async function checkResources(folder: string, room: ResourceLimits, pid: number | null = null): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const disk = bavail * bsize;
  if (disk < room.freeDisk) {
    throw new ProtocolError(
      'no_room',
      `${mib(disk)} of disk space are free in ${folder}; ${mib(room.freeDisk)} are required: free some, or lower --limits trainingFreeDisk=`,
    );
  }
  if (pid === null) {
    const free = await freeMemory();
    if (free < room.freeMemory) {
      throw new ProtocolError(
        'no_room',
        `${mib(free)} of memory are free; ${mib(room.freeMemory)} are required: end other programs, or lower --limits trainingFreeMemory=`,
      );
    }
    return;
  }
  const taken = await memoryOf(pid);
  if (taken !== null && taken > room.memory) {
    throw new ProtocolError(
      'no_room',
      `the trainer takes ${mib(taken)} of memory; at most ${mib(room.memory)} are allowed: raise --limits trainingMemory=`,
    );
  }
}

/** Looks every `everyMs` whether a process may go on, and calls `onShort` with no_room each time it may not. Returns the way to stop. */
export function watchResources(
  folder: string,
  room: ResourceLimits,
  process: { readonly pid: number | null },
  everyMs: number,
  onShort: (error: ProtocolError) => void,
): () => void {
  const look = setInterval(() => {
    checkResources(folder, room, process.pid).catch((thrown: unknown) => onShort(toProtocolError(thrown)));
  }, everyMs);
  return () => clearInterval(look);
}

/** Bytes; on Linux with what the system would give back of its caches. */
async function freeMemory(): Promise<number> {
  const found = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8').catch(() => ''));
  return found === null ? freemem() : Number(found[1]) * 1024;
}

/** Resident bytes of a process; null where the system does not say. */
async function memoryOf(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? (await ask('ps', ['-o', 'rss=', '-p', String(pid)]));
  const kib = Number(found);
  return Number.isFinite(kib) && kib > 0 ? kib * 1024 : null;
}

function ask(file: string, args: string[]): Promise<string> {
  return new Promise((resolve) => execFile(file, args, (error, stdout) => resolve(error ? '' : stdout.trim())));
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
