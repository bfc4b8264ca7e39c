/**
 * A disk that fails when it is told to: every way in which the server writes (open, write, append, sync, rename, link)
 * passes here first. Like SQLite's test file system, and for the same reason: each write is tried with each fault.
 */
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** `short`: half of the bytes are written, then the disk is full. `kill`: the process ends there, half written. */
export const faults = ['ENOSPC', 'EIO', 'short', 'kill'] as const;
export type Fault = (typeof faults)[number];
export type Step = 'open' | 'write' | 'sync' | 'name';

export interface Plan {
  fault: Fault;
  /** The step that fails, counted from 0 from now on. */
  at: number;
  /** So many steps fail, one after the other. */
  times?: number;
  /** Only steps of this kind count. */
  only?: Step;
}

interface Armed {
  plan: Plan;
  seen: number;
}

/** Which faults a step can have. */
export const faultsOf: Readonly<Record<Step, readonly Fault[]>> = {
  open: ['ENOSPC', 'EIO', 'kill'],
  write: ['ENOSPC', 'EIO', 'short', 'kill'],
  sync: ['EIO', 'kill'],
  name: ['ENOSPC', 'EIO', 'kill'],
};

let root: string | null = null;
let armed: Armed | null = null;
/** A server that runs for hours takes millions. */
const MAX_STEPS = 1000;
/** Steps since they were last counted. */
let steps: Step[] = [];
let failed = 0;

/** The next writes below the folder that is watched are counted, and one of them fails as planned; null: none. */
export function arm(plan: Plan | null): void {
  armed = plan === null ? null : { plan, seen: 0 };
  steps = [];
  failed = 0;
}

/** The steps since `arm`, and how many of them failed. */
export function told(): { steps: Step[]; failed: number } {
  return { steps, failed };
}

const mine = (file: unknown): boolean =>
  root !== null && typeof file === 'string' && (file === root || file.startsWith(root + path.sep));

/** The fault of this step, if it is its turn. */
function due(step: Step): Fault | null {
  if (steps.length < MAX_STEPS) steps.push(step);
  if (armed === null) return null;
  const { plan } = armed;
  if (plan.only !== undefined && plan.only !== step) return null;
  const nth = armed.seen++;
  if (nth < plan.at || nth >= plan.at + (plan.times ?? 1)) return null;
  if (!faultsOf[step].includes(plan.fault)) return null;
  failed += 1;
  return plan.fault;
}

function broken(fault: Fault, what: string): Error {
  const code = fault === 'EIO' ? 'EIO' : 'ENOSPC';
  return Object.assign(new Error(`${code}: the disk was told to fail, ${what}`), { code, syscall: what });
}

/** Before a step that does all or nothing. */
function check(step: Step, what: string): void {
  const fault = due(step);
  if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
  if (fault !== null) throw broken(fault, what);
}

type Data = string | NodeJS.ArrayBufferView;
const bytesOf = (data: Data): Buffer =>
  typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Before a write: what fails may have written half. */
async function checkWrite(data: Data, half: (bytes: Buffer) => Promise<unknown>): Promise<void> {
  const fault = due('write');
  if (fault === null) return;
  const bytes = bytesOf(data);
  if (fault === 'short' || fault === 'kill') await half(bytes.subarray(0, bytes.length >> 1));
  if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
  throw broken(fault, 'write');
}

/** Puts the disk in place of node's, for this whole process. Only what is written below `folder` can fail. */
export async function install(folder: string): Promise<void> {
  const isFirst = root === null;
  root = folder;
  if (!isFirst) return;
  const real = { ...fs };
  const watched = new WeakSet<FileHandle>();
  const probe = await fs.open(process.execPath, 'r');
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const plain = {
    writeFile: handles.writeFile,
    appendFile: handles.appendFile,
    sync: handles.sync,
    datasync: handles.datasync,
  };
  const writes = (flags: unknown): boolean => typeof flags === 'string' && /[wa+]/.test(flags);
  fs.open = (async (file: string, flags?: string, mode?: number) => {
    if (!mine(file) || !writes(flags)) return real.open(file, flags, mode);
    check('open', 'open');
    const handle = await real.open(file, flags, mode);
    watched.add(handle);
    return handle;
  }) as typeof fs.open;
  for (const name of ['writeFile', 'appendFile'] as const) {
    handles[name] = async function (this: FileHandle, data: Data, ...more: never[]) {
      if (watched.has(this)) await checkWrite(data, (bytes) => plain.writeFile.call(this, bytes));
      return plain[name].call(this, data as string, ...more);
    } as FileHandle['writeFile'];
    fs[name] = (async (file: string, data: Data, ...more: never[]) => {
      if (mine(file)) await checkWrite(data, (bytes) => real[name](file, bytes, ...more));
      return real[name](file, data as string, ...more);
    }) as typeof fs.writeFile;
  }
  for (const name of ['sync', 'datasync'] as const) {
    handles[name] = async function (this: FileHandle) {
      if (watched.has(this)) check('sync', name);
      return plain[name].call(this);
    };
  }
  for (const name of ['rename', 'link'] as const) {
    fs[name] = async (from, to) => {
      if (mine(to)) check('name', name);
      return real[name](from, to);
    };
  }
  syncBuiltinESMExports();
}
