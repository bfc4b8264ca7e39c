/** What a connection over HTTP may say from its first byte on: requests, uploads, upgrades and what follows them. */
import { connect } from 'node:net';

const HEAD = 'Host: 127.0.0.1\r\nConnection: close\r\n';
const posted = (cmd: string, body: string): string =>
  `POST /v1/${cmd} HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
const upgrade = (path: string, protocol: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${protocol}\r\n`;
/** A frame of a client's (RFC 6455, 5.2), masked with zeros; `more` follow where it is not the last of a message. */
const framed = (opcode: number, body: string, more = false): string =>
  String.fromCharCode((more ? 0 : 0x80) | opcode, 0x80 | body.length, 0, 0, 0, 0) + body;
const ping = '{"id":"a","cmd":"server.ping"}';

export const exchanges: readonly Uint8Array[] = [
  posted('server.ping', '{"payload":"x"}'),
  posted('foley.generate', '{"class":"Rain","seed":1}'),
  `POST /v1/server.ping HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  `GET /?HOST_INFO HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /foley/generate?TYPE HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /clips/0123456789abcdef.wav HTTP/1.1\r\n${HEAD}Range: bytes=0-1\r\n\r\n`,
  `${upgrade('/ws', 'Sec-WebSocket-Protocol: foley.v1.json\r\n')}${framed(1, ping)}${framed(8, '\x03\xe8')}`,
  `${upgrade('/ws', '')}${framed(9, 'hm')}${framed(1, ping)}${framed(8, '')}`,
  // In pieces, with a ping between them.
  `${upgrade('/ws', '')}${framed(1, ping.slice(0, 9), true)}${framed(9, '')}${framed(0, ping.slice(9, 20), true)}${framed(0, ping.slice(20))}${framed(8, '')}`,
  `${upgrade('/', '')}${framed(1, '{"COMMAND":"LISTEN","DATA":"/foley/active"}')}${framed(2, '/foley/ping\0,s\0\0a\0\0\0')}${framed(8, '')}`,
].map((text) => new Uint8Array(Buffer.from(text, 'latin1')));

/**
 * Sends bytes over a connection of its own and resolves with what came until its end. After `patience` milliseconds it
 * says that there are no more: what is cut short would wait for the rest. Null: never.
 */
export function exchange(url: string, frame: Uint8Array, patience: number | null): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(frame);
      if (patience === 0) socket.end();
      else if (patience !== null) setTimeout(() => socket.end(), patience);
    });
    let said = '';
    socket.setEncoding('latin1').on('data', (text) => (said += text));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(said));
  });
}
