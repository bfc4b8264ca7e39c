import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'node:test';
import { newServer, type TestServer } from '../support/server.ts';

const MIB = Buffer.alloc(2 ** 20);
/** More than the sockets of a machine hold back. */
const MEBIBYTES = 16;

interface Sent {
  line: string;
  headers?: string[];
  chunked?: boolean;
}

function open(server: TestServer, { line, headers = [], chunked = false }: Sent, bytes: number): Socket {
  const length = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
  const socket = connect({ port: server.app.ports.http!, host: '127.0.0.1' });
  socket.write([`${line} HTTP/1.1`, 'Host: localhost', length, ...headers, '', ''].join('\r\n'));
  return socket;
}

/** Sends a whole body before it reads, as most clients do; fails where the connection is reset. */
async function upload(server: TestServer, sent: Sent): Promise<string> {
  const socket = open(server, sent, MEBIBYTES * MIB.length).pause();
  for (let i = 0; i < MEBIBYTES; i++) {
    if (sent.chunked) socket.write(`${MIB.length.toString(16)}\r\n`);
    const flushed = socket.write(MIB);
    if (sent.chunked) socket.write('\r\n');
    if (!flushed) await once(socket, 'drain');
  }
  if (sent.chunked) socket.write('0\r\n\r\n');
  let heard = '';
  for await (const data of socket) heard += String(data);
  return heard.slice(9, 12);
}

test('a client that is refused before its upload has ended still reads the answer', async (t) => {
  const server = await newServer(t, { config: { adminToken: 'a-long-secret', limits: { voiceBytes: 2 ** 22 } } });
  const admin = 'Authorization: Bearer a-long-secret';
  const uploads: [string, Sent][] = [
    ['403', { line: 'PUT /v1/voice.import?as=mine' }],
    ['403', { line: 'PUT /v1/voice.import?as=mine', headers: ['Connection: close'] }],
    ['403', { line: 'PUT /v1/voice.import', headers: ['Origin: https://evil.example'] }],
    ['413', { line: 'PUT /v1/voice.import', headers: [admin] }],
    ['400', { line: 'PUT /v1/voice.import', headers: [admin], chunked: true }],
    ['413', { line: 'POST /v1/server.ping' }],
    ['413', { line: 'POST /v1/server.ping', chunked: true }],
    ['404', { line: 'PUT /nothing' }],
    ['400', { line: 'PUT /v1/voice.import?as=mine&as=yours', headers: [admin] }],
  ];
  // One that stops in the middle is let go all the same, and meanwhile the others are answered.
  const stopped = open(server, { line: 'PUT /nothing' }, MIB.length);
  const ended = once(stopped.resume(), 'close');
  for (const [status, sent] of uploads) assert.equal(await upload(server, sent), status, JSON.stringify(sent));
  await ended;
});

test('a client that waits to be told before it sends is told only where its body is wanted', async (t) => {
  const server = await newServer(t);
  const headers = ['Expect: 100-continue', 'Connection: close'];
  const refused = open(server, { line: 'PUT /nothing', headers }, 2);
  assert.match(String((await once(refused, 'data'))[0]), /^HTTP\/1\.1 404 /);
  refused.destroy();
  const wanted = open(server, { line: 'POST /v1/server.ping', headers }, 2);
  assert.match(String((await once(wanted, 'data'))[0]), /^HTTP\/1\.1 100 /);
  wanted.write('{}');
  assert.match(String((await once(wanted, 'data'))[0]), /^HTTP\/1\.1 200 /);
  wanted.destroy();
});
