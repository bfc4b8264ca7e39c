import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file whole or not at all: beside, then renamed, replacing what is there. Rejects with what the disk says.
 * @param mode who may do what with it, as chmod takes it; the system's own rule without
 */
export async function writeAtomic(file: string, data: Uint8Array | string, mode?: number): Promise<void> {
  const dir = path.dirname(file);
  const part = path.join(dir, `.${path.parse(file).name}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    await mkdir(dir, { recursive: true });
    const handle = await open(part, 'wx', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Names Windows keeps for devices, whatever folder they seem to lie in, and whatever they end with. */
export function isDeviceName(name: string): boolean {
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
}

export async function exists(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    () => false,
  );
}
