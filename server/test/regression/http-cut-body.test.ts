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
