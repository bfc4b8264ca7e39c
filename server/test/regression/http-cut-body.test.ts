import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { newServer } from '../support/server.ts';

// Found by mutants.test.ts: the log said "internal", at the level of faults, whenever a client left in mid-body.
test('a client that leaves in the middle of its body is no fault of the server', async (t) => {
  const server = await newServer(t);
  const { hostname, port } = new URL(server.app.urls.http ?? '');
  const refused = () => server.log().find(({ msg }) => msg === 'an HTTP request failed');
  await new Promise<void>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write('POST /v1/server.ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"payload":');
      setImmediate(() => socket.destroy());
    });
    socket.once('close', () => resolve());
  });
  while (refused() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([refused()!.code, refused()!.level], ['cancelled', 20]);
  assert.equal((await fetch(`${server.app.urls.http}/v1/server.ping`, { method: 'POST' })).status, 200);
});

// Found by java.net.http: the end of the connection was answered once more, with 400.
test('a request that is refused by its head is answered once, whatever becomes of its body', async (t) => {
  const server = await newServer(t, { config: { token: 'a-long-secret' } });
  const { hostname, port } = new URL(server.app.urls.http ?? '');
  for (const expect of ['', 'Expect: 100-continue\r\n'])
    for (const body of ['', '{"payload":']) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.end(`POST /v1/server.ping HTTP/1.1\r\nHost: 127.0.0.1\r\n${expect}Content-Length: 100\r\n\r\n${body}`);
      let came = '';
      for await (const piece of socket) came += String(piece);
      assert.deepEqual(came.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 401'], came);
    }
});
