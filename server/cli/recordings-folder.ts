/** The recordings of a folder that `foleyd retrain` sends: which they are, and what the server is to call them. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { printable } from '../../protocol/index.ts';
import { diskReason } from '../util/disk-reason.ts';
import { isHidden } from '../util/folders.ts';
import { CliError } from './errors.ts';

const AUDIO = /\.(wav|flac|ogg|mp3|aif|aiff)$/i;
/** Recordings of a class from which fine-tuning learns it; README, Honest limits. */
const ENOUGH = 30;
/** Skipped files that are named one by one. */
const MAX_NAMED = 50;

export interface Recording {
  file: string;
  /** As the server will call it: no two alike. */
  name: string;
  bytes: number;
  time: number;
}

/** Of a folder per class; with a class, all sound below the folder. */
export async function recordings(folder: string, label: string | undefined): Promise<Recording[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new CliError('io_error', `${folder} cannot be read: ${diskReason(cause)}`);
  });
  const audio: { name: string; size: number; mtimeMs: number }[] = [];
  const skipped: string[] = [];
  for (const name of names.filter((one) => !isHidden(one)).sort()) {
    const found = await stat(path.join(folder, name)).catch(() => null);
    if (found?.isDirectory()) continue;
    if (found === null)
      skipped.push(`${name}: ${name.includes('\ufffd') ? 'its name is not UTF-8; rename it' : 'it cannot be read'}`);
    else if (!found.isFile()) skipped.push(`${name}: it is not a file`);
    else if (AUDIO.test(name)) audio.push({ name, size: found.size, mtimeMs: found.mtimeMs });
    else skipped.push(`${name}: its extension is not that of WAV, FLAC, Ogg, MP3 or AIFF`);
  }
  for (const one of skipped.slice(0, MAX_NAMED)) process.stderr.write(`foleyd: skipped ${printable(one)}\n`);
  if (skipped.length > MAX_NAMED) process.stderr.write(`foleyd: skipped ${skipped.length - MAX_NAMED} more files\n`);
  if (audio.length === 0)
    throw new CliError(
      'bad_dataset',
      `no recordings below ${folder}; name a folder with WAV, FLAC, Ogg, MP3 or AIFF files`,
    );
  return Promise.all(
    audio.map(async ({ name, size, mtimeMs }, i) => {
      const file = path.join(folder, name);
      const parts = name.split(path.sep);
      const own = safeName(parts.slice(label === undefined ? 1 : 0).join('_'));
      if (label === undefined && parts.length < 2)
        throw new CliError('usage', `${name} is not in a class folder; name the class with --class`);
      const numbered = `${String(i + 1).padStart(4, '0')}_${own}`;
      return {
        file,
        name: label === undefined ? `${safeName(parts[0]!)}/${numbered}` : numbered,
        bytes: size,
        time: mtimeMs,
      };
    }),
  );
}

/** Says so where the recordings of a class are few. */
export function tellFew(files: readonly Recording[], label: string | undefined): void {
  const counts = new Map<string, number>();
  for (const { name } of files) {
    const of = label ?? name.split('/')[0]!;
    counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  for (const [of, count] of counts)
    if (count < ENOUGH)
      process.stderr.write(
        `foleyd: ${count === 1 ? '1 recording' : `${count} recordings`} of ${printable(of)}: about ${ENOUGH} or more are needed, unless these are long\n`,
      );
}

/** What the server takes as a name. */
function safeName(name: string): string {
  const kept = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} _.,+()'&-]/gu, '_')
    .replace(/^[^\p{L}\p{N}_]+/u, '_');
  return kept.length <= 100 ? kept : `${kept.slice(0, 80)}${kept.slice(-20)}`;
}
