import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm, stat, truncate, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { noFile, writeAtomic, writeNewAtomic } from './atomic-file.ts';

/** Who holds a folder, as its lock file says. */
export interface Holder {
  pid: number;
  /** When the process started, as the system counts it: a later process with the same pid has another; null if unknown. */
  start: string | null;
  /** Where the pid means something: this boot of this machine, and this container. */
  place: string;
  /** Its HTTP address; null for a process without one. */
  http: string | null;
}

/** A live process holds the folder. */
export class FolderHeldError extends Error {
  override readonly name = 'FolderHeldError';
  readonly holder: Holder;

  constructor(folder: string, holder: Holder) {
    super(`${folder} is held by process ${holder.pid}`);
    this.holder = holder;
  }
}

const NAME = /^owner-(\d{1,15})\.json$/;
const BEAT_MS = 5000;
/** Of a holder whose process cannot be looked up, the time without a sign of life after which it counts as gone. */
const SILENT_MS = 30_000;

/**
 * One owner per folder, also after `kill -9` and when two start at the same moment. The lock file with the highest
 * number counts: it names a process. Whoever finds that process gone, or the lock released, creates the file with the
 * next number, which succeeds for one only, and removes the older ones. The highest is never removed, so a number is
 * never used twice by two owners.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #beatMs: number;
  #number: number | null = null;
  #http: string | null = null;
  #beat: NodeJS.Timeout | null = null;
  #claiming: Promise<void> | null = null;

  /** @param beatMs between signs of life; tests give their own */
  constructor(folder: string, beatMs = BEAT_MS) {
    this.#folder = folder;
    this.#beatMs = beatMs;
  }

  get held(): boolean {
    return this.#number !== null;
  }

  /** Takes the folder, or does nothing where this lock has it. Rejects with FolderHeldError, or what the disk says. */
  claim(): Promise<void> {
    if (this.held) return Promise.resolve();
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = null;
    });
    return this.#claiming;
  }

  /** Tells others where the holder is reached. */
  async announce(http: string): Promise<void> {
    this.#http = http;
    if (this.#number !== null) await writeAtomic(this.#file(this.#number), text(await self(http)));
  }

  async release(): Promise<void> {
    if (this.#beat !== null) clearInterval(this.#beat);
    const number = this.#number;
    this.#number = null;
    // Emptied, it names nobody. A folder that was removed meanwhile is not made again for it.
    if (number !== null) await truncate(this.#file(number)).catch(noFile);
  }

  async #claim(): Promise<void> {
    for (;;) {
      const last = await this.#last();
      const holder = last === 0 ? null : await liveHolder(this.#file(last), this.#beatMs);
      if (holder !== null) throw new FolderHeldError(this.#folder, holder);
      const next = last + 1;
      if (!(await writeNewAtomic(this.#file(next), text(await self(null))))) continue;
      // Another may have gone further, and removed the number that was free again, between our look and our file.
      if ((await this.#last()) !== next) {
        await rm(this.#file(next), { force: true });
        continue;
      }
      this.#number = next;
      break;
    }
    for (const name of await readdir(this.#folder)) {
      const number = numberOf(name);
      if (number !== 0 && number < this.#number) await rm(path.join(this.#folder, name), { force: true });
    }
    this.#beat = setInterval(() => this.beat().catch(() => undefined), this.#beatMs);
    this.#beat.unref();
  }

  /**
   * A sign of life. Where somebody has removed the lock file it is written again, or another process could take the folder;
   * where one has, it is no longer ours. Rejects with what the disk says.
   */
  async beat(): Promise<void> {
    const number = this.#number;
    if (number === null) return;
    const said = await readFile(this.#file(number), 'utf8').catch(noFile);
    // Of a folder that was removed, too, this rejects: it is not made again for the lock.
    const last = await this.#last();
    if (this.#number !== number) return;
    const now = new Date();
    if (said !== null && last === number && ownerOf(said) === process.pid) await utimes(this.#file(number), now, now);
    else if (last === 0) await writeNewAtomic(this.#file(number), text(await self(this.#http)));
    else this.#number = null;
  }

  async #last(): Promise<number> {
    return Math.max(0, ...(await readdir(this.#folder)).map(numberOf));
  }

  #file(number: number): string {
    return path.join(this.#folder, `owner-${number}.json`);
  }
}

function numberOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}

/** The process that a lock file names; null where it makes no sense. */
function ownerOf(said: string): number | null {
  try {
    return (JSON.parse(said) as Holder).pid;
  } catch {
    return null;
  }
}

function text(holder: Holder): string {
  return `${JSON.stringify(holder)}\n`;
}

async function self(http: string | null): Promise<Holder> {
  return { pid: process.pid, start: await startOf(process.pid), place: await place(), http };
}

/** The process that a lock file names; null where it is gone, has released the lock, or the file makes no sense. */
async function liveHolder(file: string, beatMs: number): Promise<Holder | null> {
  let holder: Holder;
  let silentMs: number;
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>;
    const { pid, start = null, place: where = '', http = null } = read;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1) return null;
    holder = { pid, start, place: where, http };
    silentMs = Date.now() - (await stat(file)).mtimeMs;
  } catch (error) {
    // A newer owner has removed it: whoever asked looks again. What makes no sense was written by no foleyd.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
  if (holder.place !== (await place())) return (await isSilent(file, silentMs, beatMs)) ? null : holder;
  if (!isAlive(holder.pid)) return null;
  const start = await startOf(holder.pid);
  if (start !== null && holder.start !== null) return start === holder.start ? holder : null;
  return (await isSilent(file, silentMs, beatMs)) ? null : holder;
}

/** Whether the last sign of life is too old, or, where a date was set since, whether no other comes. */
async function isSilent(file: string, silentMs: number, beatMs: number): Promise<boolean> {
  if (silentMs > -SILENT_MS) return silentMs >= SILENT_MS;
  const timeOf = async (): Promise<number | null> => (await stat(file).catch(noFile))?.mtimeMs ?? null;
  const before = await timeOf();
  await sleep(2 * beatMs);
  return (await timeOf()) === before;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started; null where the system does not say. A process that ended and waits for its parent has none. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name in parentheses may hold anything; the fields after it are state (3) and, at 22, the start in ticks.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? null);
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() || null;
}

async function place(): Promise<string> {
  if (process.platform !== 'linux') return hostname();
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname()),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${boot.trim()} ${space}`.trim();
}
