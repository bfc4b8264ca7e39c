import type { IncomingMessage, ServerResponse } from 'node:http';
import { commandOf, failedAnswer, isCommandName, ProtocolError, toProtocolError } from '../../../protocol/index.ts';
import type { Grant } from '../access/tokens.ts';
import { type Access, checkHost, checkOrigin, grantOf } from './guard.ts';
import { type ClipFile, sendClip } from './http-clips.ts';
import { handleCommand, sendAnswer } from './http-commands.ts';
import { type ConsoleFiles, wantsConsole } from './http-console.ts';
import { type FileOptions, fileCommand, handleFile } from './http-files.ts';
import { methodMessage, methodsOf } from './http-methods.ts';
import { isHostInfo, type OscQuery, sendHostInfo, sendNode } from './http-oscquery.ts';
import { handleSound, type SoundOptions } from './http-sound.ts';
import { errorFields } from './transport.ts';

export interface RouteOptions extends FileOptions, SoundOptions {
  access: Access;
  /** Body of GET /health. */
  health: () => Record<string, unknown>;
  /** Body of GET /metrics, for Prometheus. */
  metrics: () => Promise<{ type: string; text: string }>;
  findClip: (id: string) => Promise<ClipFile | null>;
  /** What OSC addresses there are, for every GET that is nothing else; null where OSC is off. */
  oscQuery: OscQuery | null;
  /** The browser console. */
  console: ConsoleFiles;
  /** Hears of each request without the right token, and of the command it was for where that is known. */
  onUnauthorized: (transport: 'http' | 'ws', cmd: string | null) => void;
}

/** Headers of answers that pages read, beside those that every page may. */
const EXPOSED =
  'Accept-Ranges, Content-Disposition, Content-Range, ETag, Foleyd-Class, Foleyd-Format, Foleyd-Rate, Foleyd-Seed, Foleyd-Stream, Retry-After, WWW-Authenticate';

/** Routes and answers one request; rejects with an error for `refuse`. */
export async function answer(request: IncomingMessage, response: ServerResponse, options: RouteOptions): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const url = admit(request, options.access);
  allowPage(request, response, options.access);
  const { pathname } = url;
  const file = fileCommand(request, pathname);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const methods = methodsOf(pathname);
  if (request.method === 'OPTIONS') {
    if (methods !== null) response.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
    response.writeHead(204).end();
  } else if (pathname === '/health' && reads) {
    const text = JSON.stringify(options.health());
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  } else if (pathname === '/metrics' && reads) {
    admitted(request, url, 'http', options);
    const { type, text } = await options.metrics();
    response.writeHead(200, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  } else if (pathname.startsWith('/clips/') && reads) {
    admitted(request, url, 'http', options);
    const id = /^\/clips\/([^/]+)\.wav$/.exec(pathname)?.[1] ?? '';
    const clip = await options.findClip(id);
    if (clip === null) throw new ProtocolError('unknown_clip');
    await sendClip(request, response, id, clip);
  } else if (file !== null) {
    await handleFile(request, response, file, url, admitted(request, url, 'http', options).role, options);
  } else if (methods !== null && !methods.includes(request.method ?? '')) {
    admitted(request, url, 'http', options);
    response.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
    const error = new ProtocolError('unknown_command', methodMessage(pathname, methods));
    sendAnswer(request, response, failedAnswer(null, error), 405);
  } else if (pathname.startsWith('/v1/') && request.method === 'POST') {
    const cmd = pathname.slice('/v1/'.length);
    const { role } = admitted(request, url, 'http', options);
    const handle = isCommandName(cmd) && commandOf(cmd).sound ? handleSound : handleCommand;
    await handle(request, response, cmd, role, options);
  } else if (reads && wantsConsole(request, url)) {
    // The page itself is no secret; what it asks for needs the token.
    await options.console.send(request, response, url);
  } else if (options.oscQuery !== null && reads && isHostInfo(url)) {
    sendHostInfo(request, response, options.oscQuery);
  } else if (!(reads && sendOscQuery(request, response, url, options))) {
    const routes = 'GET /console, GET /health, GET /metrics, GET /clips/<id>.wav, POST /v1/<command>, WebSocket at /ws';
    const osc = options.oscQuery === null ? '' : ', GET /<OSC address>, WebSocket at / for OSC';
    throw new ProtocolError('unknown_command', `there is ${routes}${osc}`);
  }
}

function sendOscQuery(request: IncomingMessage, response: ServerResponse, url: URL, options: RouteOptions): boolean {
  const { oscQuery } = options;
  return oscQuery !== null && sendNode(request, response, url, admitted(request, url, 'http', options).role, oscQuery);
}

/** Checks that hold for every request, upgrades included. */
export function admit(request: IncomingMessage, access: Access): URL {
  checkHost(request.headers.host, access, request.rawHeaders);
  checkOrigin(request, access);
  const target = request.url ?? '/';
  // All of the server, which is asked what it understands.
  if (target === '*' && request.method === 'OPTIONS') return new URL('http://host/');
  // As clients write it that are told of a proxy (RFC 9112, 3.2.2); the host in it counts as well as the header's.
  const isWhole = /^https?:\/\//i.test(target);
  // Not relative to a base: of //health that would make a host.
  const address = isWhole ? target : `http://host${target}`;
  if (!(isWhole || target.startsWith('/')) || !URL.canParse(address))
    throw new ProtocolError('malformed', 'the request target is neither a path nor an http URL');
  const url = new URL(address);
  if (isWhole) checkHost(url.host, access);
  return url;
}

/** What the request's token gives. Throws unauthorized. */
export function admitted(request: IncomingMessage, url: URL, transport: 'http' | 'ws', options: RouteOptions): Grant {
  try {
    return grantOf(request, url, options.access);
  } catch (error) {
    const cmd = url.pathname.replace(/^\/v1\//, '');
    options.onUnauthorized(transport, isCommandName(cmd) ? cmd : null);
    throw error;
  }
}

/** Only pages that were allowed read answers over CORS. */
function allowPage(request: IncomingMessage, response: ServerResponse, access: Access): void {
  const { origin } = request.headers;
  // Of requests without an origin too: a browser may keep their answers and show them to a page.
  response.setHeader('Vary', 'Origin');
  if (origin === undefined || !access.allowOrigins.includes(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
  if (request.method !== 'OPTIONS') return;
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, Range, If-Range, If-None-Match');
  response.setHeader('Access-Control-Max-Age', '600');
  // Asked by browsers before a page from the internet reaches a private network or this machine.
  if (request.headers['access-control-request-private-network'] === 'true')
    response.setHeader('Access-Control-Allow-Private-Network', 'true');
}

/** The answer to a request that failed, or a broken connection where an answer has begun. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
  options: RouteOptions,
): void {
  const error = toProtocolError(thrown);
  const level = error.code === 'internal' || error.code === 'io_error' ? 'error' : 'debug';
  options.log(level, 'an HTTP request failed', { ...errorFields(error), method: request.method, err: error.cause });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendAnswer(request, response, failedAnswer(null, error));
}
