import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type Codec,
  type ErrorCode,
  errors,
  jsonCodec,
  msgpackCodec,
  ProtocolError,
  type Role,
} from '../../protocol/index.ts';
import type { TransportContext } from './transport.ts';

export interface WsOptions extends TransportContext {
  messageBytes: number;
  slowBytes: number;
  stuckBytes: number;
  unsentBytes: number;
  heartbeatMs: number;
}

/** WebSockets on upgrade requests that the HTTP transport has let in. */
export interface WsTransport {
  /** Throws bad_envelope when the client offers only subprotocols we do not speak. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, role: Role): void;
  /** Closes every socket with 1001. */
  close(): Promise<void>;
}

const codecs: readonly Codec[] = [jsonCodec, msgpackCodec];
/** How long a client may take to answer a close before its socket is destroyed. */
const CLOSE_MS = 1000;

/** Subprotocols as the client lists them, in its order of preference. */
function offered(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

export function createWs(options: WsOptions): WsTransport {
  const { heartbeatMs, messageBytes } = options;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: messageBytes,
    handleProtocols: (names) => [...names].find((name) => codecs.some((codec) => codec.subprotocol === name)) ?? false,
  });
  const backlog: Backlog = { total: 0, share: () => options.unsentBytes / Math.max(1, server.clients.size) };
  const unanswered = new WeakMap<WebSocket, number>();
  const heartbeat = setInterval(() => {
    for (const socket of server.clients) {
      const missed = unanswered.get(socket) ?? 0;
      if (missed >= 2) {
        options.log('warn', 'a client answers no pings; its connection is ended', { transport: 'ws' });
        socket.terminate();
        continue;
      }
      unanswered.set(socket, missed + 1);
      socket.ping();
    }
  }, heartbeatMs);
  heartbeat.unref();
  server.on('connection', (socket: WebSocket, _request: IncomingMessage, role: Role) => {
    unanswered.set(socket, 0);
    socket.on('pong', () => unanswered.set(socket, 0));
    serve(socket, role, options, backlog);
  });
  return {
    upgrade(request, socket, head, role) {
      const names = offered(request);
      if (names.length > 0 && !names.some((name) => codecs.some((codec) => codec.subprotocol === name))) {
        const known = codecs.map((codec) => codec.subprotocol).join(' and ');
        throw new ProtocolError('bad_envelope', `none of the subprotocols offered is known; there are ${known}`);
      }
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request, role));
    },
    async close() {
      clearInterval(heartbeat);
      const closed = [...server.clients].map((socket) => shut(socket, 'shutting_down'));
      await Promise.all(closed);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Bytes that wait for all clients together, and the part of what may wait that one of them can claim. */
interface Backlog {
  total: number;
  share: () => number;
}

/** One client for as long as its socket is open. Without a subprotocol it speaks JSON. */
function serve(socket: WebSocket, role: Role, options: WsOptions, backlog: Backlog): void {
  const { registry, log, slowBytes, stuckBytes, unsentBytes } = options;
  const codec = codecs.find(({ subprotocol }) => subprotocol === socket.protocol) ?? jsonCodec;
  let missed = 0;
  let unsent = 0;
  const count = (bytes: number): void => {
    unsent += bytes;
    backlog.total += bytes;
  };
  const session = registry.connect({
    transport: `ws-${codec.name}`,
    role,
    send: (answer, { droppable }) => {
      if (socket.readyState !== socket.OPEN) return;
      const waiting = socket.bufferedAmount;
      if (droppable && waiting > slowBytes) {
        missed += 1;
        return;
      }
      // Many that are slow together are as bad as one that is stuck: then nobody keeps more than an equal share.
      const isCrowded = backlog.total > unsentBytes && waiting > backlog.share();
      if (waiting > stuckBytes || isCrowded) {
        log('warn', 'a client does not read; its connection is closed', {
          code: 'slow_client',
          session: session.id,
          waiting,
          missed,
        });
        void shut(socket, 'slow_client');
        registry.disconnect(session);
        return;
      }
      const frame = codec.encode(answer);
      const bytes = typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength;
      count(bytes);
      // Called with an error too, which shows up as `error` or `close` of the socket.
      socket.send(frame, { binary: codec.binary }, () => count(-Math.min(bytes, unsent)));
    },
  });
  log('debug', 'a client came', { session: session.id, role });
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [new Uint8Array(data)]);
    void registry.receive(session, () => codec.decode(isBinary ? bytes : bytes.toString('utf8')));
  });
  // Without a listener the frame of one client (too large, not UTF-8) would end the process for all.
  socket.on('error', (error) => {
    const code = (error as NodeJS.ErrnoException).code;
    const large = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS';
    log('warn', 'a client broke the WebSocket protocol', {
      ...{ code: large ? 'too_large' : 'malformed', session: session.id, reason: error.message },
    });
  });
  socket.on('close', (code) => {
    count(-unsent);
    registry.disconnect(session);
    log('debug', 'a client left', { session: session.id, close: code, missed });
  });
}

/** Closes, and destroys the socket of a client that does not answer. */
function shut(socket: WebSocket, reason: ErrorCode): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.once('close', () => {
      clearTimeout(late);
      resolve();
    });
    socket.close(errors[reason].wsClose ?? 1011, reason);
  });
}
