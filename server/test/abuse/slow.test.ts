import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { isTerminal } from '../../../protocol/index.ts';
import { besideAnother, logged } from '../support/bystander.ts';
import { newServer } from '../support/server.ts';
import { connectWs, type WsClient } from '../support/ws-client.ts';

/** A clip of 960000 frames: more than the sockets of a machine hold back for somebody who does not read. */
const large = { engine: { samples: 110_250 } };
const heavy = { class: 'Rain', rate: 192_000, previews: true };

function pipe(client: WsClient): { pause(): void; resume(): void } {
  return (client.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket;
}

test('a client that never reads is closed with slow_client, and others notice nothing', async (t) => {
  const server = await newServer(t, { ...large, config: { limits: { slowBytes: 65_536, stuckBytes: 2 ** 20 } } });
  const client = await connectWs(server.app);
  pipe(client).pause();
  await besideAnother(server, async () => {
    client.ask('foley.generate', { ...heavy, count: 64 });
    const line = await logged(server, 'slow_client');
    assert.equal(line.level, 40);
    assert.ok(Number(line.waiting) > 2 ** 20);
  });
  // Its job went with it: nothing of the 64 clips is left to make.
  const made = server.engine.begun.length;
  assert.ok(made < 64, `${made} clips`);
  assert.ok(server.log().some(({ type, outcome }) => type === 'ended' && outcome === 'cancelled'));
  client.socket.terminate();
});

test('a client that reads too slowly misses progress, never an end', async (t) => {
  const server = await newServer(t, { ...large, config: { limits: { slowBytes: 65_536 } } });
  const client = await connectWs(server.app);
  pipe(client).pause();
  const asked = [1, 2, 3].map((seed) => client.ask('foley.generate', { ...heavy, seed, count: 2 }));
  await besideAnother(server, async () => {
    while (server.engine.finished.filter((seed) => seed < 11).length < 6) await new Promise((r) => setTimeout(r, 5));
  });
  pipe(client).resume();
  const ends = await Promise.all(asked.map(({ end }) => end));
  assert.deepEqual(
    ends.map(({ event }) => event),
    ['done', 'done', 'done'],
  );
  const all = asked.flatMap(({ answers }) => answers);
  assert.equal(all.filter(({ event }) => isTerminal(event)).length, 3);
  assert.ok(all.filter(({ event }) => event === 'row').length < 3 * 2 * 8, 'some rows were left out');
  const frames = all
    .filter(({ event }) => event === 'audio')
    .reduce((sum, { data }) => sum + (data.pcm as Uint8Array).length / 4, 0);
  assert.equal(frames, 6 * 960_000, 'no sound was left out');
  await client.close();
});

test('many clients that are slow together are bounded together, and one that reads is not touched', async (t) => {
  const server = await newServer(t, { ...large, config: { limits: { unsentBytes: 2 ** 20 } } });
  const clients = await Promise.all(Array.from({ length: 4 }, () => connectWs(server.app)));
  for (const client of clients) {
    pipe(client).pause();
    client.ask('foley.generate', { ...heavy, count: 64 });
  }
  await besideAnother(server, async () => {
    const closed = () => server.log().filter(({ code }) => code === 'slow_client').length;
    while (closed() < clients.length) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  for (const { waiting } of server.log().filter(({ code }) => code === 'slow_client')) {
    assert.ok(Number(waiting) < 2 ** 26, 'closed long before its own bound');
  }
  for (const client of clients) client.socket.terminate();
});

test('a client that answers no pings is ended', async (t) => {
  const server = await newServer(t, { config: { limits: { heartbeatMs: 30 } } });
  const client = await connectWs(server.app);
  const closed = once(client.socket, 'close');
  pipe(client).pause();
  while (!server.log().some(({ msg }) => msg === 'client disconnected'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  pipe(client).resume();
  await closed;
});

test('a client that vanishes in the middle of a job stops it, and the next client is served', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app);
  server.engine.hold();
  const asked = client.ask('foley.generate', { class: 'Rain', seed: 1, count: 64 });
  await asked.first('accepted');
  client.socket.terminate();
  while (!server.log().some(({ outcome }) => outcome === 'cancelled'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  server.engine.release();
  await besideAnother(server, () => Promise.resolve());
  assert.deepEqual(
    server.engine.finished.filter((seed) => seed < 11),
    [],
  );
});
