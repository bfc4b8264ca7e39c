import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProtocolError, toProtocolError } from '../../../protocol/index.ts';
import { ConnectionSlots, type Lasting } from './connection-slots.ts';
import { isWhole } from './http-body.ts';
import { admit, admitted, answer, type RouteOptions, refuse } from './http-routes.ts';
import { HttpTurns } from './http-turns.ts';
import { endConnection, endWith, ignoreUpgrade, refuseUpgrade, wantsWebSocket } from './http-upgrade.ts';
import { RateLimit } from './rate.ts';
import { errorFields, type Listener, listenError } from './transport.ts';
import { createWs, type WsKind, type WsOptions } from './ws.ts';

export interface HttpOptions extends RouteOptions, WsOptions {
  host: string;
  port: number;
  /** PEM; null serves without TLS. */
  tls: { cert: Buffer; key: Buffer } | null;
  connections: number;
  /** Milliseconds of silence after which one of them may lose its place to a newcomer. */
  connectionIdleMs: number;
  /** Requests that one connection may have open. */
  openRequests: number;
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
    turns.endWith(socket, (isAnswered) => (isAnswered ? endConnection(socket) : endWith(socket, status)));
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
