import { once } from 'node:events';
import WebSocket from 'ws';
import { type Answer, type Codec, jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { type Asked, Inbox, type TestClient } from './client.ts';

export interface WsClient extends TestClient {
  readonly socket: WebSocket;
  /** Sends bytes as they are. */
  raw(frame: string | Uint8Array): void;
  /** The next answer that belongs to no request of this client. */
  stray(): Promise<Answer>;
}

export async function connectWs(
  app: App,
  codec: Codec = jsonCodec,
  options: WebSocket.ClientOptions = {},
): Promise<WsClient> {
  const socket = new WebSocket(app.urls.ws ?? '', codec.subprotocol, { perMessageDeflate: false, ...options });
  socket.on('error', () => undefined);
  const inbox = new Inbox();
  const waiting: ((answer: Answer) => void)[] = [];
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer;
    inbox.take(codec.decodeAnswer(isBinary ? new Uint8Array(bytes) : bytes.toString()));
    const stray = waiting.length > 0 ? inbox.strays.shift() : undefined;
    if (stray !== undefined) waiting.shift()?.(stray);
  });
  await once(socket, 'open');
  return {
    socket,
    inbox,
    ask(cmd, args = {}, id = inbox.newId()): Asked {
      const asked = inbox.expect(id);
      socket.send(codec.encodeRequest({ id, cmd, args }));
      return asked;
    },
    raw: (frame) => socket.send(frame),
    stray: () => {
      const known = inbox.strays.shift();
      return known === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(known);
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.terminate();
      await closed;
    },
  };
}

export const wsCodecs = { 'ws-json': jsonCodec, 'ws-msgpack': msgpackCodec } as const;
