/** Half-sent requests, silent sockets and idle WebSockets kept every slot; later a download lost its own to newcomers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import WebSocket from 'ws';
import { newServer } from '../support/server.ts';
import { connectWs, type WsClient } from '../support/ws-client.ts';

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

/** Whether it is open, or with which code it was closed. */
function fateOf({ socket }: Pick<WsClient, 'socket'>): { fate: string } {
  const told = { fate: 'open' };
  socket.once('close', (code, reason) => (told.fate = `${code} ${reason}`));
  return told;
}

const IDLE = '4503 idle_client';

test('WebSockets that say nothing lock nobody out, and those in use stay', async (t) => {
  const limits = { connections: 6, connectionIdleMs: 60_000 };
  const { app, engine } = await newServer(t, { config: { limits } });
  engine.hold();
  const [working, watching, spoke] = [await connectWs(app), await connectWs(app), await connectWs(app)];
  const job = working.ask('foley.generate', { class: 'Rain' });
  await job.first('accepted');
  await watching.ask('server.watch').first('accepted');
  assert.equal((await spoke.ask('server.ping').end).event, 'done');
  // LISTEN is answered by nothing; what is known to be handled is what comes behind it.
  const listening = { socket: new WebSocket(app.urls.http!.replace('http', 'ws')) };
  await once(listening.socket, 'open');
  for (const COMMAND of ['LISTEN', 'FAIL'])
    listening.socket.send(JSON.stringify({ COMMAND, DATA: '/foley/state/voice' }));
  await once(listening.socket, 'message');
  t.after(() => listening.socket.terminate());
  const used = [working, watching, spoke, listening].map(fateOf);

  const idle = [];
  for (let i = 0; i < 12; i++) idle.push(fateOf(await connectWs(app)));
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`${app.urls.http}/health`, { headers: { connection: 'close' } });
    assert.equal(answer.status, 200);
    await answer.text();
  }
  const newcomer = await connectWs(app);
  assert.equal((await newcomer.ask('server.ping').end).event, 'done');
  const open = idle.filter(({ fate }) => fate === 'open').length;
  assert.ok(open <= 2, `${open} of them are open`);
  for (const { fate } of idle) assert.ok(['open', IDLE].includes(fate), fate);
  assert.deepEqual(
    used.map(({ fate }) => fate),
    ['open', 'open', 'open', 'open'],
  );
  engine.release();
  assert.equal((await job.end).event, 'done');
});

test('of WebSockets that spoke, the one silent for longest gives way; nothing it says then is handled', async (t) => {
  const { app } = await newServer(t, { config: { limits: { connections: 3, connectionIdleMs: 0 } } });
  const clients = [await connectWs(app), await connectWs(app), await connectWs(app)];
  for (const client of [clients[1]!, clients[0]!, clients[2]!])
    assert.equal((await client.ask('server.ping').end).event, 'done');
  const fates = clients.map(fateOf);
  const closed = once(clients[1]!.socket, 'close');
  const newcomer = await connectWs(app);
  await closed;
  assert.deepEqual(
    fates.map(({ fate }) => fate),
    ['open', IDLE, 'open'],
  );
  assert.equal((await newcomer.ask('server.ping').end).event, 'done');
});
