/** Half-sent requests and sockets that said nothing kept every slot, and locked everybody out. */
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
