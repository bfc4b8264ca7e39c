import { randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { writeAtomic } from '../../util/atomic-file.ts';

/** What a server says about itself to the programs of the person who started it. */
const schema = z.object({
  /** Of its HTTP port, as http://127.0.0.1:9247. The secret is meant for this address and no other. */
  http: z.url(),
  ws: z.url(),
  /** Gives the admin role on this machine, for as long as this server runs. */
  secret: z.string().min(32),
  /** SHA-256 of its TLS certificate in hex by colons; null without TLS. */
  certificate: z.string().nullable(),
});

export type LocalServer = z.infer<typeof schema>;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Writes the record where only programs of this user can read it (mode 0600; on Windows the folder's own rights), and
 * returns a function that removes it. A page in a browser cannot read it, nor can another user. Rejects with what the
 * disk says.
 */
export async function writeLocalServer(data: string, machine: LocalServer): Promise<() => Promise<void>> {
  await writeAtomic(machineFile(data), `${JSON.stringify(machine)}\n`, 0o600);
  // A process that ends in a hurry leaves no secret of a server that is gone.
  const hurried = (): void => {
    try {
      if (readFileSync(machineFile(data), 'utf8').includes(machine.secret)) unlinkSync(machineFile(data));
    } catch {
      // It is gone already.
    }
  };
  process.once('exit', hurried);
  return async () => {
    process.removeListener('exit', hurried);
    // Another server on the same folder may have left its own meanwhile.
    if ((await readLocalServer(data))?.secret === machine.secret) await rm(machineFile(data), { force: true });
  };
}

/**
 * The record of the server that owns this folder; null without one, or if other users could have written or read it.
 */
export async function readLocalServer(data: string): Promise<LocalServer | null> {
  try {
    const file = await open(machineFile(data), 'r');
    try {
      const { uid, mode } = await file.stat();
      const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
      if (!isOwn) return null;
      const read = schema.safeParse(JSON.parse(await file.readFile('utf8')));
      return read.success ? read.data : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

function machineFile(data: string): string {
  return path.join(data, 'machine.json');
}
