import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import { newServer } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

const CLIENTS = 64;

test('64 clients that ask at once are all served, in order of arrival, and none is lost', async (t) => {
  const server = await newServer(t);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) => connectWs(server.app, i % 2 === 0 ? jsonCodec : msgpackCodec)),
  );
  const accepted: number[] = [];
  const done: number[] = [];
  const asked = clients.map((client, seed) => client.ask('foley.generate', { class: 'Rain', seed }));
  await Promise.all(
    asked.map(async (one, seed) => {
      await one.first('accepted');
      accepted.push(seed);
      assert.equal((await one.end).event, 'done');
      done.push(seed);
    }),
  );
  assert.equal(new Set(done).size, CLIENTS);
  // The order in which requests reached the server is the order of their jobs there.
  const queued = server
    .log()
    .filter(({ type }) => type === 'queued')
    .map(({ job }) => job);
  const ended = server
    .log()
    .filter(({ type }) => type === 'ended')
    .map(({ job }) => job);
  assert.equal(queued.length, CLIENTS);
  assert.deepEqual(ended, queued);
  const seedOf = new Map(asked.map(({ answers }, seed) => [answers[0]?.data.job, seed]));
  assert.deepEqual(
    server.engine.begun,
    queued.map((job) => seedOf.get(job)),
  );
  for (const [seed, { answers }] of asked.entries()) {
    assert.equal(answers[0]?.data.seed, seed);
    assert.equal(answers.filter(({ event }) => event === 'row').length, 8);
  }
  assert.ok(clients.every(({ inbox }) => inbox.strays.length === 0));
  await Promise.all(clients.map((client) => client.close()));
});

test('requests of one connection are served in the order in which they were sent', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app);
  const seeds = Array.from({ length: 40 }, (_, i) => i);
  const asked = seeds.map((seed) => client.ask('foley.generate', { class: 'Rain', seed }));
  await Promise.all(asked.map(({ end }) => end));
  assert.deepEqual(server.engine.begun, seeds);
  await client.close();
});
