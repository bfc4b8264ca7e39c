import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { guarded } from '../../../protocol/codecs/guard.ts';
import { coerce } from '../../../protocol/codecs/osc-words.ts';
import {
  type CommandName,
  commandOf,
  isCommandName,
  isTerminal,
  ProtocolError,
  parseRequest,
  type Request,
  type Role,
} from '../../../protocol/index.ts';
import type { FileTransfer, OutgoingFile } from '../../dispatch/file-transfer.ts';
import { bodyOf } from './http-body.ts';
import { namesTag, parseRange, sendNoRange } from './http-clips.ts';
import { isGone, sendAnswer } from './http-commands.ts';
import type { TransportContext } from './transport.ts';

export interface FileOptions extends TransportContext {
  /** Bytes of a file that comes in. */
  fileBytes: number;
}

/** Which command's file a request brings or fetches; null for every other request. */
export function fileCommand(request: IncomingMessage, pathname: string): CommandName | null {
  const name = pathname.replace(/^\/v1\//, '');
  if (name === pathname || !isCommandName(name)) return null;
  const { method } = request;
  const isFile = /^application\/octet-stream\b/i.test(request.headers['content-type'] ?? '');
  const comes = method === 'PUT' || (method === 'POST' && isFile);
  const goes = method === 'GET' || method === 'HEAD';
  const { file } = commandOf(name);
  return (file === 'in' && comes) || (file === 'out' && goes) ? name : null;
}

/** A command whose file is the request's body or the response's: arguments are in the address. */
export async function handleFile(
  request: IncomingMessage,
  response: ServerResponse,
  cmd: CommandName,
  url: URL,
  role: Role,
  options: FileOptions,
): Promise<void> {
  if (isGone(request, response)) return;
  const files: FileTransfer =
    commandOf(cmd).file === 'in'
      ? { incoming: { chunks: bodyOf(request, response, options.fileBytes, 'file') }, deliver: null }
      : { incoming: null, deliver: (file) => sendFile(request, response, file) };
  await new Promise<void>((resolve) => {
    const session = options.dispatcher.connect({
      transport: 'http',
      role,
      send: (answer) => {
        if (!isTerminal(answer.event) || response.writableEnded) return;
        // Half a file is known by its length; a second head would be part of it.
        if (response.headersSent) response.destroy();
        else sendAnswer(request, response, answer);
      },
    });
    response.once('close', () => {
      options.dispatcher.disconnect(session);
      resolve();
    });
    void options.dispatcher.receive(session, () => read(cmd, url), files);
  });
}

/** Arguments in an address are text: what they stand for their declaration says. */
function read(cmd: CommandName, url: URL): Request {
  const { shape } = commandOf(cmd).args;
  const args: Record<string, unknown> = {};
  for (const [key, text] of url.searchParams) {
    if (key === 'token') continue;
    if (Object.hasOwn(args, key))
      throw new ProtocolError('bad_args', `args.${key.slice(0, 40)}: given twice; expected once`);
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    args[key] = schema === undefined ? text : coerce(text, schema);
  }
  return guarded({ id: 'http', cmd, args }, parseRequest);
}

/** The whole file, or the range of it that is asked for. */
async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { name, bytes, tag, read: readPart }: OutgoingFile,
): Promise<void> {
  const etag = `"${tag}"`;
  const condition = request.headers['if-range'];
  const range = parseRange(condition === undefined || condition === etag ? request.headers.range : undefined, bytes);
  response.setHeader('ETag', etag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'no-store');
  if (namesTag(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  if (range === 'none') {
    sendNoRange(response, bytes);
    return;
  }
  const { first, last } = range ?? { first: 0, last: bytes - 1 };
  response.writeHead(range === null ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': last - first + 1,
    'Content-Disposition': `attachment; filename="${name}"`,
    ...(range === null ? {} : { 'Content-Range': `bytes ${first}-${last}/${bytes}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(readPart(first, last + 1), { objectMode: false }), response);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw cause;
    throw new ProtocolError('cancelled', 'the client disconnected before the file was finished', { cause });
  }
}
