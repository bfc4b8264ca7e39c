import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import {
  type Answer,
  Client,
  connect,
  encodePcm,
  jsonCodec,
  msgpackCodec,
  type Request,
  type WebSocketLike,
} from './index.ts';

type Reply = (event: string, data: Record<string, unknown>) => void;

/** A server on a port of its own that answers with a script; it goes with the test. */
async function serve(
  t: TestContext,
  answer: (request: Request, reply: Reply, socket: WebSocket) => void,
): Promise<{ url: string; urls: string[] }> {
  const urls: string[] = [];
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (names) => [...names][0] ?? false,
  });
  server.on('connection', (socket, { url }) => {
    urls.push(url ?? '');
    const codec = socket.protocol === msgpackCodec.subprotocol ? msgpackCodec : jsonCodec;
    socket.on('message', (frame, isBinary) => {
      const request = codec.decode(isBinary ? new Uint8Array(frame as Buffer) : String(frame));
      answer(request, (event, data) => socket.send(codec.encode({ id: request.id, event, data })), socket);
    });
  });
  await once(server, 'listening');
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`, urls };
}

const ws = { WebSocket };
const timings = { totalMs: 1 };
const done = (count: number) => ({
  clip: 'c0',
  seconds: 1,
  timings,
  clips: Array.from({ length: count }, (_, index) => ({ index, clip: `c${index}`, seed: index })),
});
const chunk = (index: number, offset: number, total: number, samples: number[], format: 'f32' | 's16' = 'f32') => ({
  index,
  offset,
  total,
  rate: 8000,
  channels: 1,
  format,
  pcm: encodePcm(new Float32Array(samples), format),
});

for (const codec of ['json', 'msgpack'] as const) {
  test(`${codec}: generate tells what happens and puts the sound of each clip together`, async (t) => {
    const { url } = await serve(t, (_, reply) => {
      reply('accepted', { job: 'j1', seed: 5, voice: 'v', class: 'DogBark', count: 2 });
      reply('row', { index: 0, row: 0, rows: 1, codes: [1, 2] });
      reply('preview', {
        index: 0,
        codebooks: 1,
        rate: 8000,
        channels: 1,
        format: 'f32',
        pcm: encodePcm(new Float32Array([1]), 'f32'),
      });
      reply('audio', chunk(0, 0, 3, [0.25, 0.5]));
      reply('audio', chunk(1, 0, 2, [-0.5, 0.5], 's16'));
      reply('audio', chunk(0, 2, 3, [0.75]));
      reply('an event of a later version', { anything: 1 });
      reply('done', done(2));
    });
    const client = await connect(url, { codec, ...ws });
    t.after(() => client.close());
    const heard: string[] = [];
    const result = await client.generate(
      { class: 'DogBark', count: 2 },
      {
        onAccepted: ({ job }) => heard.push(job),
        onRow: ({ codes }) => heard.push(`row ${codes}`),
        onPreview: ({ pcm }) => heard.push(`preview ${pcm.byteLength}`),
        onAudio: ({ offset }) => heard.push(`audio ${offset}`),
      },
    );
    assert.deepEqual(heard, ['j1', 'row 1,2', 'preview 4', 'audio 0', 'audio 0', 'audio 2']);
    assert.deepEqual(
      result.clips.map(({ seed, sound }) => [seed, sound?.rate, [...(sound?.pcm ?? [])]]),
      [
        [0, 8000, [0.25, 0.5, 0.75]],
        [1, 8000, [-0.5, 0.5]],
      ],
    );
  });
}

test('calls that are open together get their own answers', async (t) => {
  const waiting: (() => void)[] = [];
  const { url } = await serve(t, (request, reply) => {
    waiting.push(() => reply('done', { payload: request.args.payload as string, time: 1 }));
    if (waiting.length === 3) for (const answer of waiting.reverse()) answer();
  });
  const client = await connect(url, ws);
  t.after(() => client.close());
  const answers = await Promise.all(['a', 'b', 'c'].map((payload) => client.call('server.ping', { payload })));
  assert.deepEqual(
    answers.map(({ payload }) => payload),
    ['a', 'b', 'c'],
  );
});

test('a failed answer rejects with its code, path and id', async (t) => {
  const { url } = await serve(t, (_, reply) =>
    reply('failed', { code: 'bad_args', message: 'args.rate: no', path: 'args.rate' }),
  );
  const client = await connect(url, ws);
  t.after(() => client.close());
  const rejected = { name: 'ProtocolError', code: 'bad_args', message: 'args.rate: no', path: 'args.rate' };
  await assert.rejects(client.generate({ class: 'X' }, { id: 'r1' }), { ...rejected, id: 'r1' });
  await assert.rejects(client.call('server.ping', {}), rejected);
});

test('aborting sends foley.cancel for the request, whose failure is the answer', async (t) => {
  const stop = new AbortController();
  const seen: unknown[] = [];
  let fail: Reply = () => {};
  const { url } = await serve(t, (request, reply) => {
    seen.push([request.cmd, request.cmd === 'foley.cancel' ? request.args : null]);
    if (request.cmd === 'foley.generate') {
      fail = reply;
      stop.abort();
    } else {
      reply('done', { cancelled: true });
      fail('failed', { code: 'cancelled', message: 'the job was cancelled', job: 'j1' });
    }
  });
  const client = await connect(url, ws);
  t.after(() => client.close());
  await assert.rejects(client.generate({ class: 'X' }, { id: 'mine', signal: stop.signal }), { code: 'cancelled' });
  assert.deepEqual(seen, [
    ['foley.generate', null],
    ['foley.cancel', { request: 'mine' }],
  ]);
  await assert.rejects(
    client.generate({ class: 'X' }, { signal: stop.signal }),
    { code: 'cancelled' },
    'aborted before it began',
  );
  assert.equal(seen.length, 2);
});

test('when the connection ends, what is open and what comes later rejects with the reason', async (t) => {
  const { url } = await serve(t, (_, __, socket) => socket.close(4408, 'read faster'));
  const client = await connect(url, ws);
  const open = client.call('server.ping', {});
  await assert.rejects(open, { code: 'slow_client', message: /read faster/ });
  await assert.rejects(client.call('server.ping', {}), { code: 'slow_client' });
  const other = await connect((await serve(t, (_, __, socket) => socket.terminate())).url, ws);
  await assert.rejects(other.call('server.ping', {}), { code: 'connection_closed' });
});

test('closing rejects what is open', async (t) => {
  const { url } = await serve(t, () => {});
  const client = await connect(url, ws);
  const open = client.call('server.ping', {});
  client.close();
  await assert.rejects(open, { code: 'connection_closed' });
});

test('nobody there rejects', async (t) => {
  const { url } = await serve(t, () => {});
  await assert.rejects(connect(url.replace(/:\d+/, ':1'), ws), { code: 'connection_closed' });
});

test('a token travels in the address', async (t) => {
  const { url, urls } = await serve(t, () => {});
  (await connect(url, { ...ws, token: 'a&b' })).close();
  assert.deepEqual(urls, ['/ws?token=a%26b']);
});

/** A socket whose other end is the test. */
class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  readyState = 1;
  sent: unknown[] = [];
  readonly #target = new EventTarget();
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#target.addEventListener(type, (event) => listener(event as never));
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(): void {
    this.#target.dispatchEvent(Object.assign(new Event('close'), { code: 1000, reason: '' }));
  }
  receive(data: string): void {
    this.#target.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
  answer(answer: Answer): void {
    this.receive(jsonCodec.encode(answer) as string);
  }
}

test('an unreadable frame ends the connection, and its requests with it', async () => {
  const socket = new FakeSocket();
  const client = new Client(socket);
  const open = client.call('server.ping', {});
  socket.receive('{');
  await assert.rejects(open, { code: 'malformed' });
  assert.equal((await client.closed).code, 'malformed');
});

test('failures of no request are heard apart, and codes of a later version are kept in the message', async () => {
  const socket = new FakeSocket();
  const strays: string[] = [];
  const client = new Client(socket, jsonCodec, (error) => strays.push(error.code));
  const open = client.call('server.ping', {}, { id: 'a' });
  socket.answer({ id: null, event: 'failed', data: { code: 'malformed', message: 'm' } });
  socket.answer({ id: 'other', event: 'done', data: {} });
  socket.answer({ id: 'a', event: 'failed', data: { code: 'from_the_future', message: 'm' } });
  await assert.rejects(open, { code: 'internal', message: 'from_the_future: m' });
  assert.deepEqual(strays, ['malformed']);
});

test('an id that is open cannot be used again by the same client', async () => {
  const socket = new FakeSocket();
  const client = new Client(socket);
  const first = client.call('server.ping', {}, { id: 'a' });
  await assert.rejects(client.call('server.ping', {}, { id: 'a' }), { code: 'duplicate_id' });
  socket.answer({ id: 'a', event: 'done', data: { time: 1 } });
  assert.deepEqual(await first, { time: 1 });
  assert.equal(socket.sent.length, 1);
});

test('generate rejects with malformed where events have not what they must have', async (t) => {
  const answers: [event: string, data: Record<string, unknown>][][] = [
    [['done', {}]],
    [['done', { ...done(1), clips: 5 }]],
    [['done', { ...done(1), clips: [null] }]],
    [
      ['audio', { ...chunk(0, 0, 2, [1, 2]), pcm: 5 }],
      ['done', done(1)],
    ],
  ];
  for (const events of answers) {
    const { url } = await serve(t, (_, reply) => {
      for (const [event, data] of events) reply(event, data);
    });
    const client = await connect(url, ws);
    await assert.rejects(client.generate({ class: 'Rain' }), { name: 'ProtocolError', code: 'malformed' });
    client.close();
  }
});
