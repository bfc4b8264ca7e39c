import type { IncomingMessage, ServerResponse } from 'node:http';
import { guarded } from '../../../protocol/codecs/guard.ts';
import { withBase64 } from '../../../protocol/codecs/json.ts';
import {
  type Answer,
  commandOf,
  errors,
  isCommandName,
  isErrorCode,
  isTerminal,
  ProtocolError,
  parseRequest,
  type Role,
} from '../../../protocol/index.ts';
import { endResponse, isWhole, readBody } from './http-body.ts';
import type { TransportContext } from './transport.ts';

/** One answer is all that a POST can carry: the sound of what makes some comes as a file, unless the client wants none. */
const preset = { save: true, audio: false, rows: false, previews: false };

/** `POST /v1/<cmd>`: the body is the arguments, the response the terminal answer; leaving cancels. */
export async function handleCommand(
  request: IncomingMessage,
  response: ServerResponse,
  cmd: string,
  role: Role,
  options: TransportContext & { messageBytes: number },
): Promise<void> {
  const body = await readBody(request, response, options.messageBytes);
  await serveOnce(
    request,
    response,
    role,
    options,
    () => readCommand(cmd, body),
    (answer) => {
      if (isTerminal(answer.event)) sendAnswer(request, response, answer);
    },
  );
}

/**
 * Serves a request as a session of its own until its response closes; if the client disconnects, its jobs are
 * cancelled.
 */
export async function serveOnce(
  request: IncomingMessage,
  response: ServerResponse,
  role: Role,
  { dispatcher }: Pick<TransportContext, 'dispatcher'>,
  read: () => ReturnType<typeof readCommand>,
  send: (answer: Answer) => void,
): Promise<void> {
  if (isGone(request, response)) return;
  await new Promise<void>((resolve) => {
    const session = dispatcher.connect({
      transport: 'http',
      // An address takes its turns once, however many requests it sends.
      client: `http ${request.socket.remoteAddress}`,
      role,
      send,
    });
    response.once('close', () => {
      dispatcher.disconnect(session);
      resolve();
    });
    void dispatcher.receive(session, read);
  });
}

/**
 * Whether the client of a response has disconnected: `close` was emitted before, or never will be, so work that
 * starts for it would have no end.
 */
export function isGone({ socket }: IncomingMessage, response: ServerResponse): boolean {
  return response.closed || socket.destroyed;
}

/** The answer without the id, which a client that waits for one response has no use for. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { event, data }: Pick<Answer, 'event' | 'data'>,
  failedAs?: number,
): void {
  const code = event === 'failed' && isErrorCode(data.code) ? data.code : null;
  const status = failedAs ?? (code === null ? 200 : errors[code].http);
  if (status === 503) response.setHeader('Retry-After', '1');
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  const text = JSON.stringify({ event, data: withBase64(data) });
  // The rest of a body is read away for a while only, so the connection cannot be used again.
  if (!isWhole(request)) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  endResponse(request, response, text);
}

/** The request in a body. Throws malformed, bad_envelope, or unknown_command where it has no HTTP form. */
export function readCommand(cmd: string, body: Buffer): ReturnType<typeof parseRequest> {
  let args: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    args = text.trim() === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError(
      'malformed',
      'the body is not JSON; expected the arguments as an object, like {"class":"Rain"}',
      { cause },
    );
  }
  if (isCommandName(cmd) && !(commandOf(cmd).http || commandOf(cmd).sound))
    throw new ProtocolError('unknown_command', `${cmd} has no HTTP form; use WebSocket`);
  const request = guarded({ id: 'http', cmd, args }, parseRequest);
  const makes = isCommandName(cmd) && Object.hasOwn(commandOf(cmd).args.shape, 'save');
  return makes ? { ...request, args: { ...preset, ...request.args } } : request;
}
