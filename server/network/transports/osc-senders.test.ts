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

test('a sender that chooses a port chooses it for itself alone', () => {
  const { senders } = setup();
  senders.reply(from(5001), 9000);
  assert.deepEqual(senders.of(from(5002)).target, from(5002));
  assert.deepEqual(senders.of(from(5001, '10.0.0.2')).target, from(5001, '10.0.0.2'));
});

test('a tool that sends each message from a new port is one client where its messages choose the same port', () => {
  const { senders } = setup();
  const chosen = senders.of(from(5001), 9000);
  assert.equal(senders.of(from(5002), 9000), chosen);
  assert.equal(senders.size, 1);
  assert.deepEqual(senders.of(from(5001)).target, from(5001));
});

test('what a sender chose ends when it is gone', () => {
  const { senders } = setup();
  senders.reply(from(5001), 9000);
  assert.deepEqual(senders.chosen, [from(5001)]);
  senders.gone(from(5001));
  assert.deepEqual(senders.of(from(5001)).target, from(5001));
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
