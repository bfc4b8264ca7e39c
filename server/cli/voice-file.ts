import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { EventData } from '../../protocol/index.ts';
import { diskReason } from '../util/disk-reason.ts';
import { readChunks } from '../util/read-chunks.ts';
import { VoiceFileError } from '../voices/archive-format.ts';
import { packVoiceFolder, writeVoiceFolder } from '../voices/hub/folder.ts';
import { type Bar, progressBar } from './bar.ts';
import { CliError, exits } from './errors.ts';
import { refuseBlocked, replaceFile } from './files.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import type { Session } from './session.ts';

type Options = SessionChoice & { json?: boolean };

export interface ExportOptions extends Options {
  hub?: boolean;
  permissiveOnly?: boolean;
}

/** Bytes of a file that is sent in one piece: their base64 fits into a frame. */
const PIECE = 512 * 1024;

/** `foleyd voice export ID FILE`: in pieces, so that it is the same from this process and from a server far away. */
export async function exportVoice(voice: string, place: string | undefined, options: ExportOptions): Promise<number> {
  if (place === '-' && (options.json === true || options.hub === true))
    throw new CliError('usage', `${options.hub === true ? '--hub' : '--json'} cannot be combined with the file -`);
  if (place !== undefined && place !== '-') await refuseBlocked(place, place, '');
  const session = await openSession(options);
  const bar = progressBar(options.json !== true && process.stderr.isTTY === true ? 'line' : 'none');
  try {
    const wanted = { voice, permissiveOnly: options.permissiveOnly === true };
    const first = await session.call('voice.export', wanted);
    const { size: bytes, tag } = first;
    const show = (done: number): void => bar.show({ part: 'bytes', done, of: bytes });
    const pieces = piecesOf(session, wanted, first, show);
    const file = options.hub === true ? await asFolder(pieces, voice, place) : await asFile(pieces, first.name, place);
    bar.end();
    if (options.json === true) process.stdout.write(`${JSON.stringify({ voice, file, bytes, tag })}\n`);
    else if (file !== '-') process.stdout.write(`${file}\n`);
    return exits.ok;
  } finally {
    bar.end();
    await session.close();
  }
}

/** The file of a voice, piece by piece. Throws io_error where it becomes another meanwhile. */
async function* piecesOf(
  session: Session,
  wanted: { voice: string; permissiveOnly: boolean },
  { piece, size, tag }: EventData<'voice.export', 'done'>,
  show: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let next = piece, done = 0; ; ) {
    yield next;
    done += next.length;
    show(done);
    if (done >= size) return;
    const answer = await session.call('voice.export', { ...wanted, offset: done, length: 2 * PIECE });
    if (answer.tag !== tag || answer.piece.length === 0)
      throw new CliError('io_error', `voice ${wanted.voice} changed while it was being exported; export it again`);
    next = answer.piece;
  }
}

/** @returns its path, `-` for standard output */
async function asFile(pieces: AsyncIterable<Uint8Array>, name: string, place: string | undefined): Promise<string> {
  const isFolder = place !== undefined && (await stat(place).catch(() => null))?.isDirectory() === true;
  const file = place === undefined || isFolder ? path.join(place ?? '.', name) : place;
  await replaceFile(file, async (write) => {
    for await (const piece of pieces) await write(piece);
  });
  return file;
}

/** @returns the path of a folder that was not there, or empty */
async function asFolder(pieces: AsyncIterable<Uint8Array>, voice: string, place = voice): Promise<string> {
  const found = await readdir(place).catch(({ code }: NodeJS.ErrnoException) => (code === 'ENOENT' ? [] : null));
  if (found === null || found.length > 0)
    throw new CliError('already_exists', `${place} exists and is not an empty folder; name another one`);
  await writeVoiceFolder(pieces, place, () => undefined).catch((error: unknown) => {
    if (error instanceof VoiceFileError) throw new CliError('bad_voice', error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('E') !== true) throw error;
    throw new CliError('io_error', `${place} cannot be written: ${diskReason(error)}`);
  });
  return place;
}

/** `foleyd voice import FILE`, or a folder of `--hub`, which is read as the file that it was. */
export async function importVoice(file: string, options: Options & { as?: string }): Promise<number> {
  const session = await openSession(options);
  const bar = progressBar(options.json !== true && process.stderr.isTTY === true ? 'line' : 'none');
  try {
    const upload = await sent(session, file, options.as, bar);
    const as = options.as === undefined ? {} : { as: options.as };
    const done = await session.call('voice.import', { upload, ...as }, (event, data) => {
      if (event === 'progress' && data.part === 'tried')
        bar.show({ part: 'generating a test clip', done: Number(data.done), of: 1 });
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

/** What is sent: its bytes from one place on, and what tells it from others. */
interface Source {
  size: number;
  mark: string;
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

async function sent(session: Session, place: string, as: string | undefined, bar: Bar): Promise<string> {
  const { size, mark, read } = await sourceOf(place, as);
  // The same file is the same upload: a second try under another name leaves nothing behind.
  const upload = `cli-${createHash('sha256').update(mark).digest('hex').slice(0, 16)}`;
  for (let offset = 0; offset === 0 || offset < size; ) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of read(offset, Math.min(size, offset + PIECE))) chunks.push(chunk);
    const piece = Buffer.concat(chunks);
    if (piece.length === 0 && size > 0)
      throw new CliError('io_error', `${place} was truncated while it was being read; try again when it is complete`);
    await session.call('voice.upload', { upload, offset, data: piece.toString('base64') });
    offset += piece.length;
    bar.show({ part: 'bytes', done: offset, of: Math.max(size, 1) });
    if (piece.length === 0) break;
  }
  return upload;
}

async function sourceOf(place: string, as: string | undefined): Promise<Source> {
  const unreadable = (cause: unknown): CliError =>
    new CliError('io_error', `${place} cannot be read: ${diskReason(cause)}`);
  const found = await stat(place).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  if (found.isDirectory()) {
    const { bytes, tag, read } = await packVoiceFolder(place, as).catch((error: unknown) => {
      throw new CliError('bad_voice', `the folder ${place} is not a voice: ${(error as Error).message}`);
    });
    return { size: bytes, mark: tag, read };
  }
  const { size, mtimeMs } = found;
  async function* read(from: number, to: number): AsyncGenerator<Uint8Array> {
    if (to === from) return;
    try {
      yield* readChunks(place, { start: from, end: to - 1 });
    } catch (cause) {
      throw unreadable(cause);
    }
  }
  return { size, mark: JSON.stringify([path.resolve(place), size, mtimeMs]), read };
}
