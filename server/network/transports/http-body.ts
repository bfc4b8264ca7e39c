import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProtocolError } from '../../../protocol/index.ts';
import { clientGone } from '../../dispatch/dispatcher.ts';

/** How long the rest of a body that nobody wants may pause, and take altogether, before its connection is ended. */
const DRAIN_IDLE_MS = 2000;
const DRAIN_MS = 30_000;

/** Whether all of a request has come. Of one without a body node says so only after its head was looked at. */
export function isWhole({ complete, headers }: IncomingMessage): boolean {
  return complete || (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0);
}

/** A whole body. Throws too_large, unsupported_encoding, and cancelled where the client leaves in the middle. */
export async function readBody(request: IncomingMessage, response: ServerResponse, max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of bodyOf(request, response, max, 'body')) chunks.push(chunk);
  } catch (error) {
    // A stream of a request fails for one reason alone: its client has left in the middle.
    throw error instanceof ProtocolError ? error : clientGone;
  }
  return Buffer.concat(chunks);
}

/**
 * A body piece by piece; the client is told to send it when the first is wanted. Throws too_large, and
 * unsupported_encoding for one that is compressed: what it becomes has no bound that can be seen.
 */
export async function* bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
  max: number,
  what: 'body' | 'file',
): AsyncGenerator<Uint8Array> {
  const tooLarge = (): ProtocolError =>
    new ProtocolError('too_large', `the ${what} is too large; expected at most ${max} bytes`);
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    const message = `Content-Encoding: ${JSON.stringify(encoding.slice(0, 40))} is not supported; send the ${what} without compression`;
    throw new ProtocolError('unsupported_encoding', message);
  }
  if (Number(request.headers['content-length'] ?? 0) > max) throw tooLarge();
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
  let bytes = 0;
  // Not destroyed on the way out: the client is still to hear why.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > max) throw tooLarge();
    yield chunk;
  }
}

/**
 * Ends a response whose head is written. Where the body of its request is still coming, it is read away first, within a
 * bound: closing on it would make the system throw away the answer that the client has yet to read.
 */
export function endResponse(request: IncomingMessage, response: ServerResponse, text: string): void {
  if (isWhole(request) || request.destroyed) {
    response.end(text);
    return;
  }
  response.write(text);
  const end = (): void => {
    clearTimeout(idle);
    clearTimeout(late);
    response.end();
  };
  const idle = setTimeout(end, DRAIN_IDLE_MS);
  const late = setTimeout(end, DRAIN_MS);
  request.on('data', () => idle.refresh());
  request.once('end', end).once('close', end);
  request.resume();
}
