import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Codec, jsonCodec, msgpackCodec, ProtocolError, type Role } from '../../../protocol/index.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Grant } from '../access/tokens.ts';
import type { Lasting } from './connection-slots.ts';
import { refuseUpgrade } from './http-upgrade.ts';
import { errorFields, type TransportContext } from './transport.ts';
import { WsOsc, type WsOscOptions } from './ws-osc.ts';
import {
  type Backlog,
  bytesOf,
  closeSocket,
  SendQueue,
  type SendQueueLimits,
  type WsConnection,
} from './ws-send-queue.ts';

export interface WsOptions extends TransportContext, SendQueueLimits {
  messageBytes: number;
  heartbeatMs: number;
  /** null: no OSC over WebSocket. */
  osc: WsOscOptions | null;
}

/** `foley`: requests and answers in one of our codecs; `osc`: OSC packets, and OSCQuery's commands. */
export type WsKind = 'foley' | 'osc';

/** How a WebSocket comes in. */
export interface WsEntry {
  kind: WsKind;
  grant: Grant;
  /** Hears of it once it is open. */
  onOpen: (lasting: Lasting) => void;
}

/** WebSockets on upgrade requests that the HTTP transport has let in. */
export interface WsTransport {
  /** Throws bad_envelope when the client offers only subprotocols we do not speak. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, entry: WsEntry): void;
  /** Closes with 4401 every socket whose token holds no more. */
  revoke(): void;
  /** Closes every socket with 1001. */
  close(): Promise<void>;
}

const codecs: readonly Codec[] = [jsonCodec, msgpackCodec];

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
  server.on('wsClientError', (error, socket) => {
    const refused = new ProtocolError('bad_envelope', error.message, { cause: error });
    options.log('warn', 'a WebSocket was refused', errorFields(refused));
    refuseUpgrade(socket, refused);
  });
  const backlog: Backlog = { total: 0, share: () => options.unsentBytes / Math.max(1, server.clients.size) };
  const unanswered = new WeakMap<WebSocket, number>();
  const grants = new WeakMap<WebSocket, Grant>();
  const heartbeat = setInterval(() => {
    for (const socket of server.clients) {
      const missed = unanswered.get(socket) ?? 0;
      if (missed >= 2) {
        options.log('warn', 'a client does not answer pings; its connection is closed', { transport: 'ws' });
        socket.terminate();
        continue;
      }
      unanswered.set(socket, missed + 1);
      socket.ping();
    }
  }, heartbeatMs);
  heartbeat.unref();
  const osc = options.osc === null ? null : new WsOsc(options, options.osc);
  const serve = (socket: WebSocket, wire: Duplex, { kind, grant, onOpen }: WsEntry): void => {
    const { dispatcher, log } = options;
    grants.set(socket, grant);
    unanswered.set(socket, 0);
    socket.on('pong', () => unanswered.set(socket, 0));
    const queue = new SendQueue(socket, wire, options, backlog, (waiting) => {
      const said = { code: 'slow_client', session: session.id, waiting, missed: queue.missed };
      log('warn', 'a client does not read its answers; its connection is closed', said);
      close();
    });
    const { session, receive, close, isInUse } =
      kind === 'osc' && osc !== null
        ? osc.serve(grant.role, queue)
        : serveFoley(socket.protocol, grant.role, dispatcher, queue);
    let heardAt: number | null = null;
    socket.on('message', (data, isBinary) => {
      heardAt = performance.now();
      if (grant.holds()) receive(bytesOf(data), isBinary);
      else void closeSocket(socket, 'unauthorized');
    });
    onOpen({
      usedAt: () => heardAt && Math.max(heardAt, queue.sentAt),
      isInUse: () => isInUse() || queue.isWaiting,
      yield() {
        // At once: whoever is told that nothing was handled may ask again elsewhere.
        close();
        void closeSocket(socket, 'idle_client');
      },
    });
    log('debug', 'client connected', { session: session.id, role: grant.role });
    // Without a listener the frame of one client (too large, not UTF-8) would end the process for all.
    socket.on('error', (error) => {
      const code = (error as NodeJS.ErrnoException).code;
      const large = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS';
      log('warn', 'a client broke the WebSocket protocol', {
        code: large ? 'too_large' : 'malformed',
        session: session.id,
        reason: error.message,
      });
    });
    socket.on('close', (code) => {
      close();
      log('debug', 'client disconnected', { session: session.id, close: code, missed: queue.missed });
    });
  };
  return {
    upgrade(request, socket, head, entry) {
      const { kind } = entry;
      const names = offered(request);
      const isOurs = names.some((name) => codecs.some((codec) => codec.subprotocol === name));
      if (kind === 'osc' && isOurs)
        throw new ProtocolError('bad_envelope', 'OSC is spoken here; connect to /ws for this subprotocol');
      // A browser that offers some ends a connection for which none was chosen, so it is told at once.
      if (kind === 'osc' && names.length > 0)
        throw new ProtocolError('bad_envelope', 'OSC has no subprotocol here: connect without one');
      if (kind === 'foley' && names.length > 0 && !isOurs) {
        const known = codecs.map((codec) => codec.subprotocol).join(' and ');
        throw new ProtocolError('bad_envelope', `none of the offered subprotocols is supported; supported: ${known}`);
      }
      // The library takes no list of upgrades.
      request.headers.upgrade = 'websocket';
      server.handleUpgrade(request, socket, head, (client) => serve(client, socket, entry));
    },
    revoke() {
      for (const socket of server.clients)
        if (grants.get(socket)?.holds() === false) void closeSocket(socket, 'unauthorized');
    },
    async close() {
      clearInterval(heartbeat);
      osc?.close();
      const closed = [...server.clients].map((socket) => closeSocket(socket, 'shutting_down'));
      await Promise.all(closed);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Without a subprotocol a client speaks JSON. */
function serveFoley(subprotocol: string, role: Role, dispatcher: Dispatcher, queue: SendQueue): WsConnection {
  const codec = codecs.find((one) => one.subprotocol === subprotocol) ?? jsonCodec;
  const session = dispatcher.connect({
    transport: `ws-${codec.name}`,
    role,
    send: (answer, { droppable }) => queue.send(() => codec.encode(answer), droppable),
  });
  return {
    session,
    isInUse: () => session.open.size > 0,
    receive: (bytes, isBinary) =>
      void dispatcher.receive(session, () => codec.decode(isBinary ? bytes : bytes.toString('utf8'))),
    close: () => dispatcher.disconnect(session),
  };
}
