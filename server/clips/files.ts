import { lstat, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { HEAD_BYTES, readWavHead, type WavHead } from '../audio/wav-head.ts';
import { noFile, writeAtomic } from '../util/atomic-file.ts';
import { diskReason } from '../util/disk-reason.ts';

/** What a crash leaves of a file that was being written. */
export const PARTIAL_FILE = /^\.[0-9a-f]{16}(-[0-9a-f]{8})?\.tmp$/;

/** Writes a file of a clip whole or not at all. Throws io_error. */
export async function writeClip(file: string, data: Uint8Array | string): Promise<void> {
  await writeAtomic(file, data).catch((error: unknown) => {
    throw new ProtocolError('io_error', `the clip could not be written: ${diskReason(error)}`, { cause: error });
  });
}

/** Size and age of a plain file; null for what is none, links among them. Rejects with what the disk says. */
export async function plainFile(file: string): Promise<{ bytes: number; time: number } | null> {
  const found = await lstat(file).catch(noFile);
  return found?.isFile() ? { bytes: found.size, time: found.mtimeMs } : null;
}

/** The text of a small plain file; null only where nothing has its name. Rejects for everything else. */
export async function readSmall(file: string, maxBytes: number): Promise<string | null> {
  const found = await lstat(file).catch(noFile);
  if (found === null) return null;
  if (!found.isFile()) throw new Error(`${path.basename(file)} is not a plain file`);
  if (found.size > maxBytes)
    throw new Error(`${path.basename(file)} has ${found.size} bytes, at most ${maxBytes} are read`);
  return await readFile(file, 'utf8').catch(noFile);
}

/** What a WAV says before its samples; null where it is none. */
export async function readHead(file: string, bytes: number): Promise<WavHead | null> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const head = new Uint8Array(Math.min(bytes, HEAD_BYTES));
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return readWavHead(head.subarray(0, bytesRead), bytes);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
