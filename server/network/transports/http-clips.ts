import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ProtocolError } from '../../../protocol/index.ts';

export interface ClipFile {
  path: string;
  bytes: number;
}

/** First and last byte, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Reads a Range header for a file of `bytes` bytes: null means the whole file (no header, another unit, or several
 * ranges, which a server may ignore), 'none' that no byte of it exists.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | 'none' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return null;
  if (from === '') {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? 'none' : { first: bytes - length, last: bytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (to !== '' && Number(to) < first) return null;
  return first >= bytes ? 'none' : { first, last };
}

/** Whether an If-None-Match header names a tag: weak comparison, lists and `*`, as RFC 9110 says. */
export function namesTag(header: string | undefined, tag: string): boolean {
  const tags: readonly string[] = header?.match(/"[^"]*"/g) ?? [];
  return header?.trim() === '*' || tags.includes(tag);
}

/** Answers 416: the requested range is outside the file. Not cacheable as the file itself. */
export function sendNoRange(response: ServerResponse, bytes: number): void {
  const headers = { 'Content-Range': `bytes */${bytes}`, 'Content-Length': 0, 'Cache-Control': 'no-store' };
  response.writeHead(416, headers).end();
}

/** Answers GET and HEAD of a clip. A clip never changes under its id, so the id is its tag. Throws io_error. */
export async function sendClip(
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  { path, bytes }: ClipFile,
): Promise<void> {
  const tag = `"${id}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  response.setHeader('ETag', tag);
  if (namesTag(request.headers['if-none-match'], tag)) {
    response.writeHead(304).end();
    return;
  }
  const condition = request.headers['if-range'];
  const wanted = condition === undefined || condition === tag ? request.headers.range : undefined;
  const range = parseRange(wanted, bytes);
  if (range === 'none') {
    sendNoRange(response, bytes);
    return;
  }
  const { first, last } = range ?? { first: 0, last: bytes - 1 };
  // Before the head of the answer: a file that cannot be opened is an error that the client can read.
  const file = await open(path).catch((cause: unknown) => {
    for (const name of ['Accept-Ranges', 'Cache-Control', 'ETag']) response.removeHeader(name);
    throw new ProtocolError('io_error', 'the clip could not be read', { cause });
  });
  response.setHeader('Content-Type', 'audio/wav');
  response.setHeader('Content-Length', last - first + 1);
  if (range !== null) response.setHeader('Content-Range', `bytes ${first}-${last}/${bytes}`);
  response.statusCode = range === null ? 200 : 206;
  if (request.method === 'HEAD' || bytes === 0) {
    response.end();
    await file.close();
    return;
  }
  try {
    await pipeline(file.createReadStream({ start: first, end: last }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    throw new ProtocolError('io_error', 'the clip could not be read', { cause: error });
  }
}
