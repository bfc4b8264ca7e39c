import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { runInNewContext } from 'node:vm';
import WebSocket, { WebSocketServer } from 'ws';
import { connect, encodePcm, jsonCodec, LastingClient, type Request } from './index.ts';

type Reply = (event: string, data: Record<string, unknown>) => void;
type Script = (request: Request, reply: Reply, socket: WebSocket) => void;

async function serve(t: TestContext, script: Script, port = 0): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: (names) => [...names][0] ?? false });
  server.on('connection', (socket) => {
    socket.on('message', (frame) => {
      const request = jsonCodec.decode(String(frame));
      script(request, (event, data) => socket.send(jsonCodec.encode({ id: request.id, event, data })), socket);
    });
  });
  await once(server, 'listening');
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`, server };
}

const options = { WebSocket, delayMs: 1 };
const row = (n: number) => ({ index: 0, row: n, rows: 3, codes: [n] });
const audio = (offset: number) => ({
  index: 0,
  offset,
  total: 4,
  rate: 8000,
  channels: 1,
  format: 'f32',
  pcm: encodePcm(new Float32Array([offset, offset + 1]), 'f32'),
});
const done = { clip: 'c', seconds: 1, timings: { totalMs: 1 }, clips: [{ index: 0, clip: 'c', seed: 1 }] };

test('a job outlives its connection: it is attached to, and everything is heard once', async (t) => {
  const asked: unknown[] = [];
  const { url } = await serve(t, ({ cmd, args }, reply, socket) => {
    asked.push([cmd, args]);
    reply('accepted', { job: 'j1', seed: 1, voice: 'v', class: 'Rain', count: 1 });
    reply('row', row(0));
    reply('row', row(1));
    reply('audio', audio(0));
    if (asked.length === 1) return setTimeout(() => socket.terminate(), 20);
    reply('row', row(2));
    reply('audio', audio(2));
    return reply('done', done);
  });
  const client = new LastingClient(url, options);
  t.after(() => client.close());
  const rows: number[] = [];
  const jobs: string[] = [];
  const heard = {
    onRow: (told: { row: number }) => rows.push(told.row),
    onAccepted: (told: { job: string }) => jobs.push(told.job),
  };
  const { clips } = await client.generate({ class: 'Rain' }, heard);
  assert.deepEqual(asked, [
    ['foley.generate', { class: 'Rain', keep: true }],
    ['foley.attach', { job: 'j1' }],
  ]);
  assert.deepEqual([rows, jobs, [...(clips[0]?.sound?.pcm ?? [])]], [[0, 1, 2], ['j1'], [0, 1, 2, 3]]);
});

test('a server that comes later is found, one that never comes is given up', async (t) => {
  const first = await serve(t, () => undefined);
  const { port } = first.server.address() as AddressInfo;
  await new Promise<void>((resolve) => first.server.close(() => resolve()));
  const hopeless = new LastingClient(first.url, { ...options, tries: 3 });
  await assert.rejects(hopeless.call('server.ping', {}), { code: 'connection_closed' });
  const patient = new LastingClient(first.url, { ...options, tries: 1000 });
  t.after(() => patient.close());
  const answer = patient.call('server.ping', { payload: 'x' });
  await serve(t, (_, reply) => reply('done', { payload: 'x', time: 1 }), port);
  assert.equal((await answer).payload, 'x');
});

test('what is not a job is not asked twice, but the next call has a new connection', async (t) => {
  let asked = 0;
  const { url } = await serve(t, (_, reply, socket) => {
    asked += 1;
    if (asked === 1) socket.terminate();
    else reply('done', { payload: '', time: 1 });
  });
  const client = new LastingClient(url, options);
  t.after(() => client.close());
  await assert.rejects(client.call('server.ping', {}), { code: 'connection_closed' });
  await client.call('server.ping', {});
  assert.equal(asked, 2);
});

test('what was sent to a server that made room for another is sent again', async (t) => {
  const asked: string[] = [];
  const { url } = await serve(t, ({ cmd }, reply, socket) => {
    asked.push(cmd);
    if (asked.length % 2 === 1) socket.close(4503, 'idle_client');
    else if (cmd === 'server.ping') reply('done', { payload: '', time: 1 });
    else reply('done', done);
  });
  const client = new LastingClient(url, options);
  t.after(() => client.close());
  await client.call('server.ping', {});
  await client.generate({ class: 'Rain' });
  assert.deepEqual(asked, ['server.ping', 'server.ping', 'foley.generate', 'foley.generate']);
});

test('a job that failed is not tried again, and a closed client opens nothing', async (t) => {
  const { url } = await serve(t, (_, reply) => reply('failed', { code: 'unknown_class', message: 'no' }));
  const client = new LastingClient(url, options);
  await assert.rejects(client.generate({ class: 'X' }), { code: 'unknown_class' });
  client.close();
  await assert.rejects(client.generate({ class: 'X' }), { code: 'connection_closed' });
});

test('a call that takes too long is cancelled and rejects', async (t) => {
  const asked: string[] = [];
  const { url } = await serve(t, ({ cmd }) => void asked.push(cmd));
  const client = await connect(url, { WebSocket });
  t.after(() => client.close());
  await assert.rejects(client.generate({ class: 'Rain' }, { timeoutMs: 20 }), { code: 'timed_out' });
  while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(asked, ['foley.generate', 'foley.cancel']);
});

test('a bundle for a browser loads where there is nothing of Node', async () => {
  // esbuild comes with tsx; it refuses what a browser cannot import.
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: [new URL('./client-lasting.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'foley',
  });
  const page = { URL, TextEncoder, TextDecoder, setTimeout, clearTimeout, atob, btoa };
  const LastingBrowserClient = runInNewContext(
    `${bundle.outputFiles[0]?.text}; foley.LastingClient`,
    page,
  ) as typeof LastingClient;
  const client = new LastingBrowserClient('ws://127.0.0.1:1', { tries: 1 });
  await assert.rejects(client.call('server.ping', {}), { code: 'internal', message: /no global WebSocket/ });
});
