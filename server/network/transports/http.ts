import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { commandOf, failedAnswer, isCommandName, ProtocolError, toProtocolError } from '../../../protocol/index.ts';
import type { Grant } from '../access/tokens.ts';
import { ConnectionSlots, type Lasting } from './connection-slots.ts';
import { type Access, checkHost, checkOrigin, grantOf } from './guard.ts';
import { isWhole } from './http-body.ts';
import { type ClipFile, sendClip } from './http-clips.ts';
import { handleCommand, sendAnswer } from './http-commands.ts';
import { type ConsoleFiles, wantsConsole } from './http-console.ts';
import { type FileOptions, fileCommand, handleFile } from './http-files.ts';
import { methodMessage, methodsOf } from './http-methods.ts';
import { isHostInfo, type OscQuery, sendHostInfo, sendNode } from './http-oscquery.ts';
import { handleSound, type SoundOptions } from './http-sound.ts';
import { HttpTurns } from './http-turns.ts';
import { endWith, ignoreUpgrade, refuseUpgrade, wantsWebSocket } from './http-upgrade.ts';
import { RateLimit } from './rate.ts';
import { errorFields, type Listener, listenError } from './transport.ts';
import { createWs, type WsKind, type WsOptions } from './ws.ts';

export interface HttpOptions extends FileOptions, WsOptions, Pick<SoundOptions, 'endlessWavHead'> {
  host: string;
  port: number;
  access: Access;
  /** PEM; null serves without TLS. */
  tls: { cert: Buffer; key: Buffer } | null;
  connections: number;
  /** Milliseconds of silence after which one of them may lose its place to a newcomer. */
  connectionIdleMs: number;
  /** Requests that one connection may have open. */
  openRequests: number;
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

/** Milliseconds for the head of a request, for all of it, between requests; and between looks at them. */
const DEADLINES = {
  headersTimeout: 15_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
};
/** Of TLS 1.2 only suites with forward secrecy and authenticated encryption; those of 1.3 all have both. */
const TLS = {
  minVersion: 'TLSv1.2',
  handshakeTimeout: 15_000,
  ciphers: [
    ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ...['ECDSA', 'RSA'].flatMap((kind) =>
      ['AES256-GCM-SHA384', 'CHACHA20-POLY1305', 'AES128-GCM-SHA256'].map((suite) => `ECDHE-${kind}-${suite}`),
    ),
  ].join(':'),
} as const;

/** Headers of answers that pages read, beside those that every page may. */
const EXPOSED =
  'Accept-Ranges, Content-Disposition, Content-Range, ETag, Foleyd-Class, Foleyd-Format, Foleyd-Rate, Foleyd-Seed, Foleyd-Stream, Retry-After, WWW-Authenticate';

const kinds: ReadonlyMap<string, WsKind> = new Map([
  ['/ws', 'foley'],
  ['/', 'osc'],
]);

export interface HttpListener extends Listener {
  /** Ends the connections whose tokens hold no more. */
  revoke(): void;
}

/**
 * HTTP and, under /ws and /, WebSocket, on one port, both over TLS where there is a certificate. Rejects with port_in_use, or
 * io_error for an address that cannot be had.
 */
export async function listenHttp(options: HttpOptions): Promise<HttpListener> {
  const ws = createWs(options);
  const crowded = new RateLimit(1, 0.1, 1);
  const slots = new ConnectionSlots({
    max: options.connections,
    idleMs: options.connectionIdleMs,
    onCrowded: () => {
      if (crowded.take('')) options.log('warn', 'too many connections: new ones are refused', { code: 'queue_full' });
    },
  });
  const turns = new HttpTurns(options.openRequests);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    let served: (() => void) | null = null;
    // A request whose body does not come is not complete, and has no claim to its slot.
    if (isWhole(request)) served = slots.serve(request.socket);
    else request.once('end', () => (served = slots.serve(request.socket)));
    response.once('close', () => served?.());
    turns.enter(request, response, () => {
      answer(request, response, options).catch((thrown: unknown) => refuse(request, response, thrown, options));
    });
  };
  const server =
    options.tls === null
      ? createServer(DEADLINES, serve)
      : createSecureServer({ ...DEADLINES, ...TLS, ...options.tls }, serve);
  // Told to go on when its body is wanted, or answered without it.
  server.on('checkContinue', serve);
  server.on('connection', (socket: Socket) => slots.enter(socket));
  server.on('upgrade', (request, socket: Duplex, head) => {
    if (!wantsWebSocket(request)) {
      const served = options.tls === null ? 'connection' : 'secureConnection';
      ignoreUpgrade(request, socket, head, (again) => server.emit(served, again));
      return;
    }
    // A client may be gone before it is let in.
    socket.on('error', () => socket.destroy());
    try {
      const url = admit(request, options.access);
      const kind = kinds.get(url.pathname);
      if (kind === undefined || (kind === 'osc' && options.osc === null))
        throw new ProtocolError(
          'unknown_command',
          `WebSockets are at ${options.osc === null ? '/ws' : '/ws and, for OSC, at /'}`,
        );
      socket.once('close', slots.serve(request.socket));
      const onOpen = (lasting: Lasting): void => slots.lasts(request.socket, lasting);
      ws.upgrade(request, socket, head, { kind, grant: admitted(request, url, 'ws', options), onOpen });
    } catch (thrown) {
      const error = toProtocolError(thrown);
      options.log('warn', 'a WebSocket was refused', errorFields(error));
      refuseUpgrade(socket, error);
    }
  });
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    // Said behind a request after which the connection closes: that one is answered, and nothing else.
    if (code === 'HPE_CLOSED_CONNECTION') return;
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    turns.endWith(socket, () => endWith(socket, status));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options.host, options.port)));
    server.listen({ host: options.host, port: options.port, exclusive: true }, resolve);
  });
  return {
    host: options.host,
    port: (server.address() as AddressInfo).port,
    revoke: () => ws.revoke(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await ws.close();
      // Not closeAllConnections, which knows no connection that was upgraded, refused or sent nothing yet.
      slots.close();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
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
  } else if (reads && wantsConsole(request, url) && (await options.console.send(request, response, url))) {
    // The page itself is no secret; what it asks for needs the token.
  } else if (options.oscQuery !== null && reads && isHostInfo(url)) {
    sendHostInfo(request, response, options.oscQuery);
  } else if (!(reads && sendOscQuery(request, response, url, options))) {
    const routes = 'GET /console, GET /health, GET /metrics, GET /clips/<id>.wav, POST /v1/<command>, WebSocket at /ws';
    const osc = options.oscQuery === null ? '' : ', GET /<OSC address>, WebSocket at / for OSC';
    throw new ProtocolError('unknown_command', `there is ${routes}${osc}`);
  }
}

function sendOscQuery(request: IncomingMessage, response: ServerResponse, url: URL, options: HttpOptions): boolean {
  const { oscQuery } = options;
  return oscQuery !== null && sendNode(request, response, url, admitted(request, url, 'http', options).role, oscQuery);
}

/** Checks that hold for every request, upgrades included. */
function admit(request: IncomingMessage, access: Access): URL {
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
function admitted(request: IncomingMessage, url: URL, transport: 'http' | 'ws', options: HttpOptions): Grant {
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

function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown, options: HttpOptions): void {
  const error = toProtocolError(thrown);
  const level = error.code === 'internal' || error.code === 'io_error' ? 'error' : 'debug';
  options.log(level, 'an HTTP request failed', { ...errorFields(error), method: request.method, err: error.cause });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendAnswer(request, response, failedAnswer(null, error));
}
