import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskReason } from '../util/disk-reason.ts';
import { type Bar, progressBar } from './bar.ts';
import { CliError, exits } from './errors.ts';
import { replaceFile } from './files.ts';
import { openSession, type Session, type SessionChoice } from './session.ts';

type Options = SessionChoice & { json?: boolean };

/** Bytes of a file that is sent in one piece: their base64 fits into a frame. */
const PIECE = 512 * 1024;

/** `foleyd voice export ID FILE`: in pieces, so that it is the same from this process and from a server far away. */
export async function exportVoice(voice: string, place: string | undefined, options: Options): Promise<number> {
  if (place === '-' && options.json === true)
    throw new CliError('usage', '--json and the file - both write to standard output; use one of them');
  const session = await openSession(options);
  const bar = progressBar(options.json !== true && process.stderr.isTTY === true);
  try {
    const first = await session.call('voice.export', { voice });
    const isFolder = place !== undefined && (await stat(place).catch(() => null))?.isDirectory() === true;
    const file = place === undefined || isFolder ? path.join(place ?? '.', first.name) : place;
    const { size: bytes, tag } = first;
    await replaceFile(file, async (write) => {
      for (let piece = first.piece, done = 0; ; ) {
        await write(piece);
        done += piece.length;
        bar.show({ part: 'bytes', done, of: bytes });
        if (done >= bytes) break;
        const next = await session.call('voice.export', { voice, offset: done, length: 2 * PIECE });
        if (next.tag !== tag || next.piece.length === 0)
          throw new CliError('io_error', `voice ${voice} changed while it was being exported; export it again`);
        piece = next.piece;
      }
    });
    bar.end();
    if (options.json === true) process.stdout.write(`${JSON.stringify({ voice, file, bytes, tag })}\n`);
    else if (file !== '-') process.stdout.write(`${file}\n`);
    return exits.ok;
  } finally {
    bar.end();
    await session.close();
  }
}

/** `foleyd voice import FILE`. */
export async function importVoice(file: string, options: Options & { as?: string }): Promise<number> {
  const session = await openSession(options);
  const bar = progressBar(options.json !== true && process.stderr.isTTY === true);
  try {
    const upload = await sent(session, file, bar);
    const as = options.as === undefined ? {} : { as: options.as };
    const done = await session.call('voice.import', { upload, ...as }, (event, data) => {
      if (event === 'progress' && data.part === 'tried')
        bar.show({ part: 'making a test clip', done: Number(data.done), of: 1 });
    });
    bar.end();
    process.stdout.write(options.json === true ? `${JSON.stringify(done)}\n` : `${done.voice}\n`);
    if (options.json !== true)
      process.stderr.write(
        `imported ${done.name} as voice ${done.voice}; to make it active: foleyd activate ${done.voice}\n`,
      );
    return exits.ok;
  } finally {
    bar.end();
    await session.close();
  }
}

async function sent(session: Session, file: string, bar: Bar): Promise<string> {
  const handle = await open(file).catch((cause: Error) => {
    throw new CliError('io_error', `${file} cannot be read: ${diskReason(cause)}`);
  });
  try {
    const found = await handle.stat();
    if (found.isDirectory()) throw new CliError('io_error', `${file} is a folder; expected a file of voice export`);
    const { size, mtimeMs } = found;
    // The same file is the same upload: a second try under another name leaves nothing behind.
    const about = JSON.stringify([path.resolve(file), size, mtimeMs]);
    const upload = `cli-${createHash('sha256').update(about).digest('hex').slice(0, 16)}`;
    const piece = Buffer.alloc(PIECE);
    for (let offset = 0; offset === 0 || offset < size; ) {
      const { bytesRead } = await handle.read(piece, 0, PIECE, offset);
      if (bytesRead === 0 && offset > 0)
        throw new CliError('io_error', `${file} was truncated while it was being read`);
      const data = piece.subarray(0, bytesRead).toString('base64');
      await session.call('voice.upload', { upload, offset, data });
      offset += bytesRead;
      bar.show({ part: 'bytes', done: offset, of: Math.max(size, 1) });
      if (bytesRead === 0) break;
    }
    return upload;
  } finally {
    await handle.close();
  }
}
