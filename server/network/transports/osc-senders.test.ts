import assert from 'node:assert/strict';
import test from 'node:test';
import { OscSenders, type Peer } from './osc-senders.ts';

function setup(max = 4) {
  const gone: string[] = [];
  const busy = new Set<string>();
  const senders = new OscSenders<string>({
    max,
    connect: ({ address, port }) => `${address}:${port}`,
    disconnect: (session) => gone.push(session),
    isIdle: (session) => !busy.has(session),
  });
  return { senders, gone, busy };
}

const from = (port: number, address = '127.0.0.1'): Peer => ({ address, port });

test('answers go to the sender itself until it chooses another port', () => {
  const { senders } = setup();
  assert.equal(senders.of(from(5000)).connection, '127.0.0.1:5000');
  assert.equal(senders.reply(from(5000), 9000).connection, '127.0.0.1:9000');
  assert.equal(senders.of(from(5000)).connection, '127.0.0.1:9000');
  assert.equal(senders.reply(from(5000), 0).connection, '127.0.0.1:5000');
});

test('a tool that sends each message from a new port is one client once it chose where to hear', () => {
  const { senders } = setup();
  const chosen = senders.reply(from(5001), 9000);
  assert.equal(senders.of(from(5002)), chosen);
  assert.equal(senders.of(from(5003)), chosen);
  assert.equal(senders.size, 1);
});

test('a client that was there before keeps its port when another one of the same machine chooses', () => {
  const { senders } = setup();
  senders.of(from(57_120));
  senders.reply(from(5001), 9000);
  assert.deepEqual(senders.of(from(57_120)).target, from(57_120));
  assert.equal(senders.of(from(5001, '10.0.0.2')).connection, '10.0.0.2:5001');
});

test('the client idle for longest is forgotten first, and one with open requests last', () => {
  const { senders, gone, busy } = setup(3);
  for (const port of [1, 2, 3]) senders.of(from(port));
  busy.add('127.0.0.1:1');
  senders.of(from(4));
  assert.deepEqual(gone, ['127.0.0.1:2']);
  for (const port of [3, 4]) busy.add(`127.0.0.1:${port}`);
  senders.of(from(5));
  assert.deepEqual(gone, ['127.0.0.1:2', '127.0.0.1:1']);
});

test('a flood of senders keeps a bounded number of them', () => {
  const { senders } = setup(8);
  for (let port = 1; port < 5000; port++) senders.of(from(port));
  assert.equal(senders.size, 8);
});
