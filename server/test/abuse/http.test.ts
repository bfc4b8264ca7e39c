import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { besideAnother } from '../support/bystander.ts';
import { newServer, type TestServer } from '../support/server.ts';

interface Reply {
  status: number;
  code: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** One request as it is, with headers that fetch would not send. */
function send(server: TestServer, method: string, path: string, body?: string | Buffer, headers = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.app.urls.http ?? '');
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      const json = String(response.headers['content-type']).includes('json') && all.length > 0;
      const code = json ? (JSON.parse(String(all)) as { data?: { code?: string } }).data?.code : undefined;
      resolve({ status: response.statusCode ?? 0, code, headers: response.headers, body: all });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const brief = ({ status, code }: Reply): unknown[] => [status, code];

test('bodies that are no arguments are refused with their codes', async (t) => {
  const server = await newServer(t, { config: { limits: { messageBytes: 4096 } } });
  await besideAnother(server, async () => {
    const post = async (cmd: string, body: string | Buffer) => brief(await send(server, 'POST', `/v1/${cmd}`, body));
    assert.deepEqual(await post('foley.generate', '{"class":'), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', '{"class":"Rain","temperature":NaN}'), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', '{"class":"Rain","temperature":1e999}'), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', Buffer.from([0xff, 0xfe])), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', '{"__proto__":{"class":"Rain"}}'), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', '['.repeat(2000) + ']'.repeat(2000)), [400, 'malformed']);
    assert.deepEqual(await post('foley.generate', '[]'), [400, 'bad_envelope']);
    assert.deepEqual(await post('foley.generate', '{"count":1e9,"class":"Rain"}'), [400, 'bad_args']);
    assert.deepEqual(await post('foley.generate', '{"class":"Unicorn"}'), [404, 'unknown_class']);
    assert.deepEqual(await post('foley.nothing', '{}'), [404, 'unknown_command']);
    assert.deepEqual(await post('toString', '{}'), [404, 'unknown_command']);
    assert.deepEqual(await post('', '{}'), [400, 'bad_envelope']);
    assert.deepEqual(await post('server.ping', `{"payload":"${'x'.repeat(5000)}"}`), [413, 'too_large']);
  });
  assert.deepEqual(brief(await send(server, 'POST', '/v1/server.ping')), [200, undefined]);
});

test('a body that is compressed is refused in words, on every route that takes one', async (t) => {
  const server = await newServer(t, { config: { adminToken: 'admins-secret' } });
  const headers = { 'content-encoding': 'gzip', authorization: 'Bearer admins-secret' };
  const bomb = gzipSync(Buffer.alloc(1 << 20, 0x20));
  const reply = await send(server, 'POST', '/v1/server.ping', bomb, headers);
  assert.deepEqual(brief(reply), [415, 'unsupported_encoding']);
  assert.match(String(reply.body), /Content-Encoding: \\"gzip\\" is not supported; send the body without compression/);
  const put = await send(server, 'PUT', '/v1/voice.import?as=v', bomb, headers);
  assert.deepEqual(brief(put), [415, 'unsupported_encoding']);
  const plain = await send(server, 'POST', '/v1/server.ping', '{}', { 'content-encoding': 'identity' });
  assert.equal(plain.status, 200);
});

test('a body that grows beyond the limit without saying how long it is, is refused', async (t) => {
  const server = await newServer(t, { config: { limits: { messageBytes: 1024 } } });
  const headers = { 'transfer-encoding': 'chunked' };
  const reply = await send(server, 'POST', '/v1/server.ping', 'x'.repeat(2000), headers);
  assert.deepEqual(brief(reply), [413, 'too_large']);
});

test('other names, other pages and missing tokens are refused on every path but health', async (t) => {
  const server = await newServer(t, { config: { token: 'a-long-secret' } });
  for (const [method, path] of [
    ['POST', '/v1/server.ping'],
    ['GET', '/clips/0123456789abcdef.wav'],
  ] as const) {
    assert.deepEqual(brief(await send(server, method, path)), [401, 'unauthorized']);
    assert.deepEqual(brief(await send(server, method, path, '', { host: 'evil.example' })), [403, 'forbidden']);
    assert.deepEqual(brief(await send(server, method, path, '', { origin: 'https://evil.example' })), [
      403,
      'forbidden',
    ]);
  }
  assert.deepEqual(brief(await send(server, 'GET', '/health')), [200, undefined]);
  assert.deepEqual(brief(await send(server, 'GET', '/health', '', { host: 'evil.example' })), [403, 'forbidden']);
  const bearer = { authorization: 'Bearer a-long-secret' };
  assert.deepEqual(brief(await send(server, 'POST', '/v1/server.ping', '{}', bearer)), [200, undefined]);
});

test('no page may read answers across origins unless it was named', async (t) => {
  const server = await newServer(t, { config: { allowOrigins: ['https://daw.example'] } });
  const allowed = await send(server, 'OPTIONS', '/v1/server.ping', '', { origin: 'https://daw.example' });
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://daw.example');
  assert.equal(allowed.headers['access-control-allow-private-network'], undefined);
  const near = { origin: 'https://daw.example', 'access-control-request-private-network': 'true' };
  const asked = await send(server, 'OPTIONS', '/v1/server.ping', '', near);
  assert.deepEqual([asked.status, asked.headers['access-control-allow-private-network']], [204, 'true']);
  const read = await send(server, 'GET', '/health', '', { origin: 'https://daw.example' });
  assert.match(String(read.headers['access-control-expose-headers']), /Content-Range, ETag/);
  assert.equal((await send(server, 'GET', '/health')).headers.vary, 'Origin');
  const local = await send(server, 'GET', '/health', '', { ...near, origin: 'http://localhost:3000' });
  assert.deepEqual([local.status, local.headers['access-control-allow-origin']], [200, undefined]);
});

test('a clip is served whole and in ranges, and only under its id', async (t) => {
  const server = await newServer(t);
  const made = await send(server, 'POST', '/v1/foley.generate', '{"class":"Rain","seed":1}');
  const { url } = (JSON.parse(String(made.body)) as { data: { clips: { url: string }[] } }).data.clips[0]!;
  const whole = await send(server, 'GET', url);
  assert.deepEqual([whole.status, whole.headers['content-type']], [200, 'audio/wav']);
  assert.equal(whole.body.subarray(0, 4).toString(), 'RIFF');
  const part = await send(server, 'GET', url, '', { range: 'bytes=4-11' });
  assert.deepEqual([part.status, part.headers['content-range']], [206, `bytes 4-11/${whole.body.length}`]);
  assert.deepEqual(part.body, whole.body.subarray(4, 12));
  assert.equal((await send(server, 'GET', url, '', { range: `bytes=${whole.body.length}-` })).status, 416);
  assert.equal((await send(server, 'GET', url, '', { 'if-none-match': String(whole.headers.etag) })).status, 304);
  const head = await send(server, 'HEAD', url);
  assert.deepEqual(
    [head.status, head.headers['content-length'], head.body.length],
    [200, String(whole.body.length), 0],
  );
  for (const path of [
    '0123456789abcdef.wav',
    '..%2f..%2fmodels%2fdefault%2fcard.json',
    'x.wav',
    '%00.wav',
    '.wav',
    '',
  ]) {
    assert.deepEqual(brief(await send(server, 'GET', `/clips/${path}`)), [404, 'unknown_clip'], path);
  }
});

test('a path or method nobody serves says what there is', async (t) => {
  const server = await newServer(t);
  for (const [method, path, status] of [
    ['GET', '/nothing', 404],
    ['POST', '/', 405],
    ['DELETE', '/clips/x.wav', 405],
    ['GET', '/v1/server.ping', 405],
    ['POST', '/health', 405],
  ] as const) {
    assert.deepEqual(brief(await send(server, method, path)), [status, 'unknown_command'], `${method} ${path}`);
  }
});

test('a client that leaves in the middle of a POST stops its job', async (t) => {
  const server = await newServer(t);
  server.engine.hold();
  const leave = new AbortController();
  const gone = fetch(`${server.app.urls.http}/v1/foley.generate`, {
    method: 'POST',
    body: '{"class":"Rain","seed":1}',
    signal: leave.signal,
  });
  while (server.engine.running === null) await new Promise((resolve) => setTimeout(resolve, 5));
  leave.abort();
  await assert.rejects(gone);
  while (!server.log().some(({ outcome }) => outcome === 'cancelled'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  server.engine.release();
  await besideAnother(server, () => Promise.resolve());
});

test('bytes that are no HTTP are answered and cut off', async (t) => {
  const server = await newServer(t);
  await besideAnother(server, async () => {
    for (const bytes of [
      'hello\r\n\r\n',
      'GET / HTTP/9\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
      '\0\0\0\0',
    ]) {
      const socket = connect(server.app.ports.http ?? 0, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      let heard = '';
      socket.on('data', (data) => {
        heard += String(data);
      });
      await new Promise((resolve) => socket.once('close', resolve));
      if (heard !== '') assert.match(heard, /^HTTP\/1\.1 4\d\d /);
    }
  });
});
