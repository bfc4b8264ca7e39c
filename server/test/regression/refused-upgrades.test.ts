import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import WebSocket from 'ws';
import { makeCertificate } from '../support/certificate.ts';
import { newServer, type TestServer, temporary } from '../support/server.ts';

const OFFER = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const TOKEN = 'Authorization: Bearer a-long-secret';

function head(target: string, ...headers: string[]): string {
  const host = headers.some((one) => one.startsWith('Host:')) ? [] : ['Host: localhost'];
  return [`GET ${target} HTTP/1.1`, ...host, ...headers, '', ''].join('\r\n');
}

/** One of each way in which an upgrade is refused, and bytes that are no HTTP. */
const refusals: [string, string][] = [
  ['403', head('/ws', 'Host: evil.example', ...OFFER, KEY, TOKEN)],
  ['403', head('/ws', 'Origin: https://evil.example', ...OFFER, KEY, TOKEN)],
  ['401', head('/ws', ...OFFER, KEY)],
  ['404', head('/nothing', ...OFFER, KEY, TOKEN)],
  ['400', head('/ws', 'Sec-WebSocket-Protocol: chat', ...OFFER, KEY, TOKEN)],
  ['400', head('/ws', ...OFFER, TOKEN)],
  ['400', 'no HTTP at all\r\n\r\n'],
];

function open(server: TestServer): Socket {
  const socket = connect({ port: server.app.ports.http!, host: '127.0.0.1', allowHalfOpen: true });
  return socket.on('error', () => undefined);
}

/** The status that comes. */
async function statusOf(socket: Socket): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer];
  return String(data).slice(9, 12);
}

for (const [what, then] of [
  ['sends one more byte and closes', (socket: Socket) => socket.end('x')],
  ['stays open', () => undefined],
] as const) {
  test(`a refused connection frees its slot when its client ${what}`, { timeout: 300_000 }, async (t) => {
    const config = { token: 'a-long-secret', limits: { connections: refusals.length } };
    const server = await newServer(t, { config });
    const heard = refusals.map(async ([, sent]) => {
      const socket = open(server);
      t.after(() => socket.destroy());
      socket.write(sent);
      const status = await statusOf(socket);
      then(socket);
      return status;
    });
    assert.deepEqual(
      await Promise.all(heard),
      refusals.map(([status]) => status),
    );
    const health = () => fetch(`${server.app.urls.http}/health`).then(({ status }) => status);
    while ((await health().catch(() => 0)) !== 200) await setTimeout(10);
  });
}

test('connections of any state end when the server stops', { timeout: 300_000 }, async (t) => {
  const server = await newServer(t);
  const states = [
    '',
    'GET /hea',
    'POST /v1/server.ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
    head('/x', ...OFFER),
  ];
  const ended = states.map((sent) => {
    const socket = open(server);
    if (sent !== '') socket.write(sent);
    socket.once('end', () => socket.end());
    return once(socket.resume(), 'close');
  });
  await fetch(`${server.app.urls.http}/health`);
  await server.app.close();
  await Promise.all(ended);
});

test('an upgrade to something else than WebSocket is ignored', async (t) => {
  const server = await newServer(t);
  const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
  const body = '{"payload":"a b"}';
  const post = `POST /v1/server.ping HTTP/1.1\r\nHost: localhost\r\n${upgrade.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const old = head('/ws', ...OFFER, KEY).replace('HTTP/1.1', 'HTTP/1.0');
  const both = ['Connection: Upgrade', 'Upgrade: h2c, websocket', 'Sec-WebSocket-Version: 13', KEY];
  const closes = 'Connection: close';
  const cases: [string, string, string][] = [
    ['200', head('/health', ...upgrade), ''],
    ['200', post, body],
    ['404', old, ''],
    ['101', head('/ws', ...both), ''],
    ['200', head('/health', closes, 'Upgrade: h2c'), ''],
  ];
  for (const [status, sent, rest] of cases) {
    const socket = open(server);
    socket.write(sent);
    if (rest !== '') void setTimeout(20).then(() => socket.write(rest));
    assert.equal(await statusOf(socket), status, sent);
    socket.destroy();
  }
  // Twice over one connection that stays.
  const socket = open(server);
  for (const text of ['one', 'two']) {
    const args = JSON.stringify({ payload: text });
    socket.write(post.replace(/\d+\r\n\r\n$/, `${args.length}\r\n\r\n${args}`));
    const [data] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(data), new RegExp(`"payload":"${text}"`));
  }
  socket.destroy();
});

test('over TLS an upgrade to something else is ignored, and a WebSocket opens', async (t) => {
  const dir = await temporary(t);
  const { cert: ca, key } = makeCertificate();
  const [tlsCert, tlsKey] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  await Promise.all([writeFile(tlsCert, ca), writeFile(tlsKey, key)]);
  const server = await newServer(t, { config: { tlsCert, tlsKey } });
  const socket = connectTls({ port: server.app.ports.http!, host: '127.0.0.1', ca });
  socket.write(head('/health', 'Connection: Upgrade', 'Upgrade: TLS/1.3, h2c'));
  const [data] = (await once(socket, 'data')) as [Buffer];
  assert.match(String(data), /^HTTP\/1\.1 200 /);
  socket.destroy();
  const ws = new WebSocket(server.app.urls.ws!, { ca });
  await once(ws, 'open');
  ws.terminate();
});
