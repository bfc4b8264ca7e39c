import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { fromBuffer, toBuffer } from 'osc-min';
import WebSocket from 'ws';
import { newServer, type TestServer } from './support/server.ts';

/** Status and body of one query. */
async function get({ app }: TestServer, query: string, init: RequestInit = {}): Promise<[number, unknown]> {
  const response = await fetch(`${app.urls.http}${query}`, init);
  const text = await response.text();
  return [response.status, text === '' ? null : JSON.parse(text)];
}

const quiet = { config: { output: 'none', midi: 'none' } } as const;

interface OscSocket {
  socket: WebSocket;
  /** Commands as they came, and packets as address and values. */
  heard: unknown[];
  /** Resolves once so many were heard. */
  until(count: number): Promise<unknown[]>;
  say(command: unknown): void;
}

async function open(t: TestContext, { app }: TestServer, options: WebSocket.ClientOptions = {}): Promise<OscSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${app.ports.http}`, options);
  const heard: unknown[] = [];
  socket.on('message', (data, isBinary) => {
    if (!isBinary) return heard.push(JSON.parse(String(data)));
    const packet = fromBuffer(new Uint8Array(data as Buffer));
    assert.ok(packet.oscType === 'message');
    return heard.push([packet.address, ...packet.args.map((arg) => [arg.type, 'value' in arg ? arg.value : null])]);
  });
  await once(socket, 'open');
  t.after(() => socket.terminate());
  return {
    socket,
    heard,
    async until(count) {
      while (heard.length < count) await once(socket, 'message');
      return heard;
    },
    say: (command) => socket.send(typeof command === 'string' ? command : JSON.stringify(command)),
  };
}

const packet = (address: string, ...args: Parameters<typeof toBuffer>[0][]): Buffer => {
  const view = toBuffer({ address, args: args as never });
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
};

test('the address space is told whole, in part, and by attribute', async (t) => {
  const server = await newServer(t);
  const [status, root] = await get(server, '/');
  const { FULL_PATH, ACCESS, CONTENTS } = root as { FULL_PATH: string; ACCESS: number; CONTENTS: object };
  assert.deepEqual([status, FULL_PATH, ACCESS, Object.keys(CONTENTS)], [200, '/', 0, ['foley']]);
  assert.deepEqual(await get(server, '/foley/hit?TYPE'), [200, { TYPE: 'sf' }]);
  assert.deepEqual(await get(server, '/foley/state/voice?VALUE'), [200, { VALUE: ['default'] }]);
  assert.deepEqual(await get(server, '/foley/state/jobs'), [
    200,
    {
      FULL_PATH: '/foley/state/jobs',
      ACCESS: 1,
      DESCRIPTION: 'Jobs of the engine.',
      TYPE: 'ii',
      VALUE: [0, 0],
      EXTENDED_TYPE: ['running', 'waiting'],
    },
  ]);
  assert.deepEqual(await get(server, '/foley?TYPE'), [200, {}], 'a container has no type');
  assert.deepEqual(await get(server, '/foley/?ACCESS'), [200, { ACCESS: 0 }]);
});

test('a query without content, one that is wrong, and one for nothing have the statuses of the proposal', async (t) => {
  const server = await newServer(t);
  const code = async (query: string): Promise<unknown[]> => {
    const [status, body] = await get(server, query);
    return [status, (body as { data?: { code: string } } | null)?.data?.code];
  };
  assert.deepEqual(await code('/foley/generate?VALUE'), [204, undefined]);
  assert.deepEqual(await code('/foley/generate?CLIPMODE'), [204, undefined]);
  assert.deepEqual(await code('/foley/generate?COLOUR'), [400, 'bad_args']);
  assert.deepEqual(await code('/foley/generate?TYPE&RANGE'), [400, 'bad_args']);
  assert.deepEqual(await code('/foley/%ff'), [400, 'malformed']);
  assert.deepEqual(await code('/foley/nothing?TYPE'), [404, 'unknown_command']);
  assert.deepEqual(await code('/constructor'), [404, 'unknown_command']);
});

test('HOST_INFO tells where OSC and WebSocket are, whatever the path', async (t) => {
  const server = await newServer(t);
  const [status, info] = await get(server, '/anywhere?HOST_INFO');
  const { NAME, OSC_IP, OSC_PORT, OSC_TRANSPORT, WS_PORT, EXTENSIONS } = info as Record<string, unknown>;
  assert.deepEqual([status, NAME, OSC_IP, OSC_TRANSPORT], [200, 'foleyd', '127.0.0.1', 'UDP']);
  assert.deepEqual([OSC_PORT, WS_PORT], [server.app.ports.osc, server.app.ports.http]);
  assert.deepEqual((EXTENSIONS as Record<string, boolean>).LISTEN, true);
});

test('commands of the admin role are shown to it alone, and a token is asked for where there is one', async (t) => {
  const server = await newServer(t, { config: { token: 'a-long-secret', adminToken: 'another-secret' } });
  const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
  assert.equal((await get(server, '/foley'))[0], 401);
  assert.equal((await get(server, '/?HOST_INFO'))[0], 200);
  assert.equal((await get(server, '/foley/hit?TYPE&token=a-long-secret'))[0], 200);
  assert.equal((await get(server, '/foley/admin/fad', bearer('a-long-secret')))[0], 404);
  assert.equal((await get(server, '/foley/admin/fad', bearer('another-secret')))[0], 200);
  const socket = new WebSocket(`ws://127.0.0.1:${server.app.ports.http}/`);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(response.statusCode, 401);
});

test('pages of others and names that only point here are refused as everywhere', async (t) => {
  const server = await newServer(t);
  assert.equal((await get(server, '/foley', { headers: { origin: 'https://evil.example' } }))[0], 403);
  const socket = new WebSocket(`ws://127.0.0.1:${server.app.ports.http}/`, { origin: 'https://evil.example' });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(response.statusCode, 403);
});

test('without OSC there is no OSCQuery', async (t) => {
  const server = await newServer(t, { config: { oscPort: 'off' } });
  assert.equal((await get(server, '/'))[0], 404);
  assert.equal((await get(server, '/?HOST_INFO'))[0], 404);
});

test("a user's address comes, is described, changes and goes, and clients are told", async (t) => {
  const server = await newServer(t, quiet);
  const local = server.app.connect();
  const client = await open(t, server);
  const map = { id: 'pad1', class: 'Rain', ready: 1, source: { osc: '/pads/left' } };
  await local.call('trigger.map', map);
  const came = [
    { COMMAND: 'PATH_ADDED', DATA: '/foley/state/pool/pad1' },
    { COMMAND: 'PATH_ADDED', DATA: '/pads/left' },
    { COMMAND: 'PATH_CHANGED', DATA: '/' },
  ];
  assert.deepEqual(await client.until(3), came);
  const [, node] = await get(server, '/pads/left');
  assert.deepEqual(node, {
    FULL_PATH: '/pads/left',
    ACCESS: 3,
    TYPE: 'f',
    VALUE: [0],
    EXTENDED_TYPE: ['velocity'],
    RANGE: [{ MIN: 0, MAX: 1 }],
    OVERLOADS: [{ TYPE: 'N' }],
    DESCRIPTION: 'Plays pad1 (Rain); 0 ends what a gate or a loop holds.',
  });
  await local.call('trigger.map', { ...map, class: 'DogBark' });
  assert.deepEqual((await client.until(4))[3], { COMMAND: 'PATH_CHANGED', DATA: '/pads/left' });
  await local.call('trigger.unmap', { id: 'pad1' });
  assert.deepEqual((await client.until(7)).slice(4), [
    { COMMAND: 'PATH_REMOVED', DATA: '/foley/state/pool/pad1' },
    { COMMAND: 'PATH_REMOVED', DATA: '/pads/left' },
    { COMMAND: 'PATH_CHANGED', DATA: '/' },
  ]);
  assert.equal((await get(server, '/pads/left'))[0], 404);
});

test('who listens to an address hears what is sent to it and what its value becomes, until it ignores it', async (t) => {
  const server = await newServer(t, quiet);
  server.engine.hold();
  const local = server.app.connect();
  await local.call('trigger.map', { id: 'pad1', class: 'Rain', ready: 1, source: { osc: '/pad' } });
  const client = await open(t, server);
  client.say({ COMMAND: 'LISTEN', DATA: '/pad' });
  client.say({ COMMAND: 'LISTEN', DATA: '/foley/state/pool/pad1' });
  await roundTrip(client);
  const [stopped] = [client.heard.length];
  server.engine.release();
  const filled = (await client.until(stopped + 1)).at(-1);
  assert.deepEqual(filled, ['/foley/state/pool/pad1', ['integer', 1], ['integer', 1], ['integer', 0]]);
  client.say({ COMMAND: 'IGNORE', DATA: '/foley/state/pool/pad1' });
  const other = await open(t, server);
  for (const velocity of [1, 0.5, 0.5]) other.socket.send(packet('/pad', { type: 'float', value: velocity } as never));
  await client.until(stopped + 4);
  assert.deepEqual(client.heard.slice(stopped + 1), [
    ['/pad', ['float', 1]],
    ['/pad', ['float', 0.5]],
    ['/pad', ['float', 0.5]],
  ]);
  assert.deepEqual(await get(server, '/pad?VALUE'), [200, { VALUE: [0.5] }]);
});

test('what cannot be listened to, and text that is no command, is answered with its code', async (t) => {
  const server = await newServer(t, quiet);
  const client = await open(t, server);
  client.say('{"COMMAND":');
  client.say({ COMMAND: 'SHOUT', DATA: '/foley' });
  client.say({ COMMAND: 'LISTEN', DATA: 7 });
  client.say({ COMMAND: 'LISTEN', DATA: '/foley/generate' });
  client.say({ COMMAND: 'LISTEN', DATA: `/${'x'.repeat(2000)}` });
  client.say('null');
  const codes = (await client.until(6)).map((said) => (said as { DATA: { code: string } }).DATA.code);
  assert.deepEqual(codes, ['malformed', 'bad_args', 'bad_args', 'unknown_command', 'too_large', 'bad_args']);
});

test('who speaks OSC only is sent none of the text', async (t) => {
  const server = await newServer(t, quiet);
  const client = await open(t, server);
  await roundTrip(client);
  await server.app.connect().call('trigger.map', { id: 'pad1', class: 'Rain', source: { osc: '/pad' } });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await roundTrip(client);
  assert.deepEqual(client.heard, [
    ['/foley/pong', ['string', 'x']],
    ['/foley/pong', ['string', 'x']],
  ]);
});

test('OSC over WebSocket answers on the WebSocket: no reply port, and a broken packet is refused', async (t) => {
  const server = await newServer(t, quiet);
  const client = await open(t, server);
  client.socket.send(packet('/foley/reply', { type: 'integer', value: 9 } as never));
  client.socket.send(Buffer.from('no packet'));
  const [reply, broken] = (await client.until(2)) as [string, ...[string, string][]][];
  assert.deepEqual(reply?.slice(0, 3), ['/foley/failed', ['string', '/foley/reply'], ['string', 'bad_args']]);
  assert.deepEqual(broken?.slice(0, 3), ['/foley/failed', ['string', ''], ['string', 'malformed']]);
});

/** Everything that was sent before was handled. */
async function roundTrip({ socket, heard }: OscSocket): Promise<void> {
  const before = heard.length;
  socket.send(packet('/foley/ping', { type: 'string', value: 'x' } as never));
  while (!heard.slice(before).some((one) => Array.isArray(one) && one[0] === '/foley/pong'))
    await once(socket, 'message');
}
