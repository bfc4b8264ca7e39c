import assert from 'node:assert/strict';
import test from 'node:test';
import { newServer } from '../../test/support/server.ts';

test('a call resolves with what was done and tells what happens meanwhile', async (t) => {
  const { app } = await newServer(t);
  const client = app.connect();
  const events: string[] = [];
  const done = await client.call('foley.generate', { class: 'Rain', seed: 1 }, ({ event }) => events.push(event));
  assert.equal((done.clips as unknown[]).length, 1);
  assert.deepEqual([events[0], events.at(-1)], ['accepted', 'done']);
});

test('a call that fails rejects with its code and the argument at fault', async (t) => {
  const { app } = await newServer(t);
  const call = app.connect().call('foley.generate', { class: 'Rain', count: 0 });
  await assert.rejects(call, { code: 'bad_args', path: 'args.count' });
});

test('closing rejects what is open and stops it', async (t) => {
  const { app, engine, log } = await newServer(t);
  engine.hold();
  const client = app.connect();
  const call = client.call('foley.generate', { class: 'Rain', seed: 1 });
  const rejected = assert.rejects(call, { code: 'connection_closed' });
  while (engine.running === null) await new Promise((resolve) => setTimeout(resolve, 5));
  client.close();
  await rejected;
  while (!log().some(({ outcome }) => outcome === 'cancelled')) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a server that opens no ports still serves its own process', async (t) => {
  const { app } = await newServer(t, { config: { listen: false } });
  assert.deepEqual([app.ports, app.urls.ws], [{ http: null, osc: null }, null]);
  const { data } = await new Promise<{ data: Record<string, unknown> }>((resolve) => {
    const client = app.connect();
    client.onAnswer(resolve);
    client.send({ id: 'a', cmd: 'server.ping', args: { payload: 1 } });
  });
  assert.equal(data.payload, 1);
});
