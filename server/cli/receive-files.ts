import path from 'node:path';
import type { ArgsInput, EventData } from '../../protocol/index.ts';
import { exits } from './errors.ts';
import { folderOf, writeNew } from './files.ts';
import { onInterrupt } from './interrupt.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import { asCommands } from './program/usage.ts';
import { tellUnderstood } from './understood.ts';

type Making = 'clip.batch' | 'foley.spot';
type File = EventData<Making, 'file'>;
type Stem = EventData<Making, 'stem'>;
type Skipped = EventData<Making, 'skipped'>;

export interface ReceiveOptions extends SessionChoice {
  out?: string;
  json?: boolean;
}

interface More {
  /** Write the sheet even of one file. */
  hasSheet: boolean;
  /** What the user is told of an error. */
  failed: (error: unknown) => unknown;
  onAccepted?: (data: object) => void;
}

/** Requests files as bytes, and writes them and their CSV sheet into the folder of `--out`. */
export async function receiveFiles<N extends Making>(
  cmd: N,
  args: ArgsInput<N>,
  options: ReceiveOptions,
  { hasSheet, failed, onAccepted }: More,
): Promise<number> {
  const folder = await folderOf(options.out);
  const session = await openSession(options);
  const interrupted = onInterrupt(() => void session.close());
  // One after the other, so that numbers behind equal names are in the order of the list as far as it came.
  let writing: Promise<void> = Promise.resolve();
  const say = (event: string, data: object): void => void process.stdout.write(`${JSON.stringify({ event, data })}\n`);
  const take = async (event: 'file' | 'stem', { content, ...told }: File | Stem): Promise<void> => {
    // Whatever a server calls it, it lies in this folder.
    const file = await writeNew(folder, path.basename(told.name), content!);
    if (options.json === true) say(event, { ...told, path: file });
    else process.stdout.write(`${file}\n`);
  };
  try {
    const done = (await session.call(cmd, args, (event, data) => {
      if (event === 'accepted') {
        tellUnderstood(data as EventData<'clip.batch', 'accepted'>);
        onAccepted?.(data);
      } else if (event === 'file' || event === 'stem') {
        writing = writing.then(() => take(event, data as File | Stem));
        writing.catch(() => undefined);
      } else if (event === 'skipped') {
        const { index, code, message } = data as Skipped;
        process.stderr.write(`foleyd: file ${index + 1}: ${code}: ${asCommands(message)}\n`);
      }
    })) as EventData<Making, 'done'>;
    await writing;
    if (hasSheet || done.files > 1) {
      const sheet = await writeNew(folder, 'foleyd_sheet.csv', new TextEncoder().encode(done.sheet));
      if (options.json !== true) process.stdout.write(`${sheet}\n`);
    }
    if (options.json === true) say('done', { files: done.files, skipped: done.skipped });
    return done.skipped > 0 ? exits.failed : exits.ok;
  } catch (error) {
    await writing.catch(() => undefined);
    if (interrupted.happened) return exits.interrupted;
    throw failed(error);
  } finally {
    interrupted.stop();
    await session.close();
  }
}
