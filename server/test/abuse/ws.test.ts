import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import test from 'node:test';
import WebSocket from 'ws';
import { jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import { besideAnother, logged } from '../support/bystander.ts';
import { newServer } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

test('frames that are not JSON are answered as malformed and the connection goes on', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app, jsonCodec);
  await besideAnother(server, async () => {
    for (const frame of [
      '',
      '{',
      'null,',
      '\u0000',
      '{"id":"a",}',
      '{"id":1e999}',
      '['.repeat(5000),
      '{"__proto__":1}',
    ]) {
      client.raw(frame);
      const { id, data } = await client.stray();
      assert.ok(
        id === null && ['malformed', 'bad_envelope'].includes(String(data.code)),
        `${frame} ${String(data.code)}`,
      );
    }
  });
  assert.equal((await client.ask('server.ping').end).event, 'done');
  await client.close();
});

test('frames that are not msgpack are answered as malformed and the connection goes on', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app, msgpackCodec);
  await besideAnother(server, async () => {
    const frames = [
      [],
      [0xc1],
      [0x81],
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xdd, 0x7f, 0xff, 0xff, 0xff],
      [0xc7, 1, 2, 3],
      [0x80, 0x80],
    ];
    for (const frame of frames) {
      client.raw(Uint8Array.from(frame));
      assert.equal((await client.stray()).data.code, 'malformed', String(frame));
    }
    client.raw('{"id":"a","cmd":"server.ping","args":{}}');
    assert.equal((await client.stray()).data.code, 'malformed');
  });
  assert.equal((await client.ask('server.ping').end).event, 'done');
  await client.close();
});

test('a message that is no request is answered as bad_envelope, with its id when it has one', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app);
  const cases: [unknown, string | null][] = [
    [null, null],
    [[], null],
    [{}, null],
    [{ cmd: 'server.ping', args: {} }, null],
    [{ id: 7, cmd: 'server.ping', args: {} }, null],
    [{ id: '', cmd: 'server.ping', args: {} }, null],
    [{ id: 'x'.repeat(65), cmd: 'server.ping', args: {} }, null],
    [{ id: 'a', args: {} }, 'a'],
    [{ id: 'b', cmd: 'server.ping', args: [] }, 'b'],
    [{ id: 'c', cmd: 'server.ping', args: {}, more: 1 }, 'c'],
  ];
  for (const [message, id] of cases) {
    client.raw(JSON.stringify(message));
    const answer = await client.stray();
    assert.deepEqual([answer.id, answer.data.code], [id, 'bad_envelope'], JSON.stringify(message));
  }
  await client.close();
});

test('a number that is not finite is refused wherever it stands', async (t) => {
  const server = await newServer(t);
  const json = await connectWs(server.app, jsonCodec);
  const msgpack = await connectWs(server.app, msgpackCodec);
  for (const temperature of ['NaN', 'Infinity', '1e999', '-1e999']) {
    json.raw(`{"id":"a","cmd":"foley.generate","args":{"class":"Rain","temperature":${temperature}}}`);
    assert.equal((await json.stray()).data.code, 'malformed');
  }
  for (const temperature of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const answer = await msgpack.ask('foley.generate', { class: 'Rain', temperature }).end;
    assert.equal(answer.data.code, 'malformed');
  }
  assert.deepEqual(server.engine.begun, []);
});

test('a frame larger than the limit closes its own connection with 1009', async (t) => {
  const server = await newServer(t, { config: { limits: { messageBytes: 4096 } } });
  const client = await connectWs(server.app);
  await besideAnother(server, async () => {
    const closed = once(client.socket, 'close');
    client.raw(`{"id":"a","cmd":"server.ping","args":{"payload":"${'x'.repeat(5000)}"}}`);
    assert.equal((await closed)[0], 1009);
  });
  assert.equal((await logged(server, 'too_large')).level, 40);
});

test('text that is not UTF-8 and frames no client sends close their own connection', async (t) => {
  const server = await newServer(t);
  await besideAnother(server, async () => {
    for (const bytes of [
      [0x81, 0x81, 0, 0, 0, 0, 0xff],
      [0x8f, 0x80, 0, 0, 0, 0],
      [0xc1, 0x80, 0, 0, 0, 0],
    ]) {
      const client = await connectWs(server.app);
      const closed = once(client.socket, 'close');
      (client.socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(Buffer.from(bytes));
      assert.ok([1002, 1007].includes((await closed)[0] as number));
    }
  });
  assert.equal((await logged(server, 'malformed')).level, 40);
});

/** The response with which an upgrade was refused. */
async function refused(url: string, protocols: string[], headers = {}): Promise<{ status: number; code: string }> {
  const socket = new WebSocket(url, protocols, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, code: (JSON.parse(body) as { data: { code: string } }).data.code };
}

test('an upgrade that may not be is refused with a status and a code', async (t) => {
  const server = await newServer(t, { config: { token: 'a-long-secret', adminToken: 'admin-secret' } });
  const url = server.app.urls.ws ?? '';
  const known = ['foley.v1.json'];
  const bearer = { authorization: 'Bearer a-long-secret' };
  assert.deepEqual(await refused(url, known), { status: 401, code: 'unauthorized' });
  assert.deepEqual(await refused(`${url}?token=wrong`, known), { status: 401, code: 'unauthorized' });
  assert.deepEqual(await refused(url, ['chat'], bearer), { status: 400, code: 'bad_envelope' });
  assert.deepEqual(await refused(`${url}/more`, known, bearer), { status: 404, code: 'unknown_command' });
  const rebound = { ...bearer, host: 'evil.example' };
  assert.deepEqual(await refused(url, known, rebound), { status: 403, code: 'forbidden' });
  const page = { ...bearer, origin: 'https://evil.example' };
  assert.deepEqual(await refused(url, known, page), { status: 403, code: 'forbidden' });
  const osc = url.replace(/ws$/, '');
  assert.deepEqual(await refused(osc, ['chat'], bearer), { status: 400, code: 'bad_envelope' });
  const client = await connectWs(server.app, jsonCodec, { headers: bearer });
  assert.equal((await client.ask('server.ping').end).event, 'done');
  await client.close();
});

test('without a subprotocol a client speaks JSON', async (t) => {
  const server = await newServer(t);
  const socket = new WebSocket(server.app.urls.ws ?? '');
  await once(socket, 'open');
  assert.equal(socket.protocol, '');
  socket.send('{"id":"a","cmd":"server.ping"}');
  const [data] = (await once(socket, 'message')) as [Buffer];
  assert.equal((JSON.parse(String(data)) as { event: string }).event, 'done');
  socket.terminate();
});

test('one connection cannot fill the queue of the others', async (t) => {
  const server = await newServer(t, { config: { limits: { openRequests: 4 } } });
  server.engine.hold();
  const greedy = await connectWs(server.app);
  const asked = Array.from({ length: 50 }, (_, seed) => greedy.ask('foley.generate', { class: 'Rain', seed }));
  const refusals = await Promise.all(asked.slice(4).map(({ end }) => end));
  assert.ok(refusals.every(({ data }) => data.code === 'queue_full'));
  server.engine.release();
  await besideAnother(server, () => Promise.all(asked.slice(0, 4).map(({ end }) => end)));
  await greedy.close();
});
