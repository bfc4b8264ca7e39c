import { access, constants, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import { diskReason } from '../../util/disk-reason.ts';
import { type Finding, fail, ok, warn } from './check.ts';

const GIB = 2 ** 30;
/** Clips of one class set with room to breathe; below this a long session fills the disk. */
const LITTLE_DISK = GIB;

export function versions(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const here = `foleyd ${packageJson.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  if (major < 20) return fail('node_too_old', `${here}: Node 20 or newer is needed`);
  return ok(here, {
    foleyd: packageJson.version,
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
  });
}

export function machine(): Finding {
  const cores = os.availableParallelism();
  const memory = os.totalmem() / GIB;
  const here = `${cores} cores, ${memory.toFixed(1)} GiB of memory`;
  if (memory < 2) return warn('little_memory', `${here}: 2 GiB are recommended`);
  return ok(here, { cores, memoryBytes: os.totalmem() });
}

/** The folder of clips must take a file: made, written to and tidied up. */
export async function dataFolder(dir: string): Promise<Finding> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    const probe = path.join(dir, `.doctor-${process.pid}`);
    await writeFile(probe, 'foleyd');
    await rm(probe);
  } catch (error) {
    return fail('io_error', `${dir} cannot be written: ${diskReason(error)}; choose another with --data`);
  }
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < LITTLE_DISK) return warn('little_disk', `${dir}: only ${(free / GIB).toFixed(2)} GiB free`);
  return ok(`${dir}, ${(free / GIB).toFixed(0)} GiB free`, { dir, freeBytes: free });
}
