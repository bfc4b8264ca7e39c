import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { noFile } from './atomic-file.ts';

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Whether there is this very file under a name: by the time it is looked for, another may have the name. Without a digest
 * any file will do. Rejects with what the disk says.
 */
export async function isThere(file: string, sha256: string | undefined): Promise<boolean> {
  const found = await readFile(file).catch(noFile);
  return found !== null && (sha256 === undefined || digestOf(found) === sha256);
}
