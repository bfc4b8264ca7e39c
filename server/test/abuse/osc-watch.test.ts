/** A sender of datagrams can be feigned: watching must not turn the server against a third party. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../../protocol/index.ts';
import { connectOsc } from '../support/osc-client.ts';
import { newServer } from '../support/server.ts';

test('a watch ends when its client falls silent, and goes on as long as that is heard', async (t) => {
  const server = await newServer(t, { config: { limits: { watchQuietMs: 2000 } } });
  const [silent, heard] = await Promise.all([connectOsc(server.app), connectOsc(server.app)]);
  t.after(() => Promise.all([silent.close(), heard.close()]));
  for (const client of [silent, heard]) client.send('/foley/watch', 'w');
  const alive = setInterval(() => heard.send('/foley/ping', 'here'), 100);
  t.after(() => clearInterval(alive));
  const ended = await silent.message(({ address }) => address === '/foley/watch/done');
  assert.deepEqual(ended.args, ['w']);
  const before = silent.heard.length;
  await heard.ask('foley.generate', { class: 'Rain', seed: 1 }).end;
  const last = ({ address, args }: { address: string; args: unknown[] }) =>
    address === '/foley/watch/job' && args[2] === 'done';
  await heard.message(last);
  assert.equal(silent.heard.length, before);
  // Its id is free again.
  silent.send('/foley/watch', 'w', 'hits', 'off');
  const again = () => silent.heard.filter(({ address }) => address === '/foley/watching');
  while (again().length < 2) await sleep(5);
  assert.deepEqual(again()[1]!.args, ['w', 1, 0, 1]);
});

test('what a watch is sent in a second is bounded, and ends of jobs come though rows are left out', async (t) => {
  const server = await newServer(t, { engine: { samples: 64 } });
  const client = await connectOsc(server.app);
  t.after(() => client.close());
  client.send('/foley/watch', 'w', 1, 0, 0);
  await client.message(({ address }) => address === '/foley/watching');
  const begun = performance.now();
  const one = server.app.connect();
  // 64 clips of 8 rows are more than a second may hold.
  for (let i = 0; i < 4; i++) await one.call('foley.generate', { class: 'Rain', count: 64, audio: false, rows: false });
  const told = () => client.heard.filter(({ address }) => address === '/foley/watch/job').map(({ args }) => args);
  while (told().filter(([, , state]) => state === 'done').length < 4) await sleep(5);
  const seconds = Math.floor((performance.now() - begun) / 1000) + 2;
  assert.ok(told().length <= seconds * limits.watchPerSecond, `${told().length} in ${seconds} s`);
  const rows = told().filter(([, , state]) => state === 'row').length;
  assert.ok(rows > 0 && rows <= seconds * limits.watchPerSecond * 0.75, `${rows} rows in ${seconds} s`);
});

test('all clients together watch a bounded number of times', async (t) => {
  const server = await newServer(t);
  const clients = await Promise.all(
    Array.from({ length: limits.watchesTotal / limits.watches + 1 }, () => connectOsc(server.app)),
  );
  t.after(() => Promise.all(clients.map((client) => client.close())));
  for (const client of clients.slice(0, -1)) {
    for (let i = 0; i < limits.watches; i++) client.send('/foley/watch', i);
    await client.message(({ address, args }) => address === '/foley/watching' && args[0] === limits.watches - 1);
  }
  const last = clients.at(-1)!;
  last.send('/foley/watch', 'more');
  await last.message(({ args }) => args[0] === 'more' && args[1] === 'queue_full');
  last.send('/foley/ping', 'still served');
  await last.message(({ args }) => args[0] === 'still served');
});

test('a watch is told where its sender is; another port of that machine is the only other place', async (t) => {
  const server = await newServer(t);
  const [client, listener] = await Promise.all([connectOsc(server.app), connectOsc(server.app)]);
  t.after(() => Promise.all([client.close(), listener.close()]));
  client.send('/foley/reply', '192.0.2.1');
  await client.message(({ args }) => args[0] === '/foley/reply' && args[1] === 'bad_args');
  client.send('/foley/watch', 'w', 'host', '192.0.2.1');
  await client.message(({ args }) => args[0] === 'w' && args[1] === 'bad_args');
  client.send('/foley/reply', listener.port);
  client.send('/foley/watch', 'there');
  const { args } = await listener.message(({ address }) => address === '/foley/watching');
  assert.equal(args[0], 'there');
});
