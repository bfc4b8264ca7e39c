/** Half-sent requests and sockets that said nothing kept every slot; later a download lost its own to newcomers. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { newServer } from '../support/server.ts';

test('whoever holds all connections by half-sent requests locks nobody out', async (t) => {
  const { app } = await newServer(t, { config: { limits: { connections: 8 } } });
  const { port } = new URL(app.urls.http!);
  const begun = [
    '',
    'GET /health HT',
    'POST /v1/server.ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{',
  ];
  const held: Socket[] = [];
  t.after(() => held.map((socket) => socket.destroy()));
  for (let i = 0; i < 24; i++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(begun[i % begun.length]!);
    held.push(socket);
  }
  await wait(20);
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`${app.urls.http}/health`, { headers: { connection: 'close' } });
    assert.equal(answer.status, 200);
    await answer.text();
  }
});

test('a download goes on while newcomers come, and a refused GET leaves its connection open', async (t) => {
  const samples = 4_000_000;
  const { app } = await newServer(t, { config: { limits: { connections: 3 } }, engine: { samples } });
  const made = await app.connect().call('foley.generate', { class: 'Rain', save: true, audio: false });
  const port = Number(new URL(app.urls.http!).port);
  const held: Socket[] = [];
  t.after(() => held.map((socket) => socket.destroy()));
  const ask = (path: string): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
      held.push(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(socket));
      socket.once('data', (head) => {
        socket.pause();
        socket.unshift(head);
        resolve(socket);
      });
    });
  const download = await ask(`/clips/${made.clip}.wav`);
  for (let i = 0; i < 6; i++) await ask('/health');
  let [bytes, head] = [0, ''];
  download.on('data', (piece: Buffer) => {
    if (head === '') head = piece.toString('latin1').split('\r\n\r\n')[0]!;
    bytes += piece.length;
    if (bytes >= size()) download.end();
  });
  const size = (): number => head.length + 4 + Number(/Content-Length: (\d+)/.exec(head)?.[1]);
  download.resume();
  await new Promise((resolve) => download.once('close', resolve));
  assert.ok(size() > samples, head);
  assert.equal(bytes, size());

  const refused = connect(port, '127.0.0.1');
  held.push(refused);
  let said = '';
  refused.setEncoding('latin1').on('data', (text) => (said += text));
  const last = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
  refused.write(`GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${last}`);
  await new Promise((resolve) => refused.once('close', resolve));
  assert.deepEqual(said.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 404', 'HTTP/1.1 200']);
});
