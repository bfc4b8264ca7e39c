import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errors, type ProtocolError } from '../../../protocol/index.ts';

/** How long the other end may take to read a last answer before its connection is destroyed. */
const LAST_ANSWER_MS = 1000;

/**
 * Whether a request asks for a WebSocket. RFC 9110 lets a server ignore every other upgrade (h2c of curl and
 * java.net.http, websocket of a POST) and forbids all of them in HTTP/1.0.
 */
export function wantsWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  const wanted = (headers.upgrade ?? '').toLowerCase().split(',');
  return method === 'GET' && httpVersion !== '1.0' && wanted.some((one) => one.trim() === 'websocket');
}

/**
 * Gives an upgrade request back to `serve` as a plain one. Node parses nothing after the head of an upgrade request, so
 * the head is parsed once more without its Upgrade header, followed by what came after it.
 */
export function ignoreUpgrade(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  rest: Buffer,
  serve: (socket: Duplex) => void,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]));
  serve(socket);
}

/** Answers an upgrade request with an error and ends the connection. */
export function refuseUpgrade(socket: Duplex, error: ProtocolError): void {
  const body = JSON.stringify({ event: 'failed', data: error.toData() });
  endWith(socket, errors[error.code].http, ['Content-Type: application/json', 'Sec-WebSocket-Version: 13'], body);
}

/** Sends a last answer and ends the connection, within a bound whatever the other end does. */
export function endWith(socket: Duplex, status: number, headers: readonly string[] = [], body = ''): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...['Connection: close', `Content-Length: ${Buffer.byteLength(body)}`, ...headers],
  ];
  endConnection(socket, `${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Ends the connection behind what was sent over it and these bytes, within the same bound. */
export function endConnection(socket: Duplex, last = ''): void {
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const late = setTimeout(() => socket.destroy(), LAST_ANSWER_MS);
  socket.once('close', () => clearTimeout(late));
  // What still comes is read away: an end that stays unread behind it would keep the connection open.
  socket.resume();
  socket.end(last);
}
