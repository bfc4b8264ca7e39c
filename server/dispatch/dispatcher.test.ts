import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { type Answer, type Command, defineCommand, ProtocolError } from '../../protocol/index.ts';
import { type Context, type Delivery, Dispatcher, type Handlers } from './dispatcher.ts';

const nothing = { done: z.object({}) };
const declare = (name: string, role: 'play' | 'admin'): Command =>
  defineCommand({
    name,
    role,
    doc: 'a test.',
    args: z.strictObject({ n: z.int().optional() }),
    events: nothing,
    example: { args: {}, events: { done: {} } },
  }) as unknown as Command;

interface Sent extends Answer {
  delivery: Delivery;
}

function setup(handler: (context: Context) => unknown = () => ({})) {
  const faults: unknown[] = [];
  const unused = () => assert.fail('not asked for');
  const handlers = new Proxy({} as Handlers, { get: () => unused });
  const dispatcher = new Dispatcher({
    handlers,
    openRequests: 3,
    onFault: (error) => faults.push(error),
    extra: [
      { command: declare('test.play', 'play'), handler },
      { command: declare('test.admin', 'admin'), handler },
    ],
  });
  const client = (role: 'play' | 'admin' = 'play') => {
    const sent: Sent[] = [];
    const session = dispatcher.connect({
      transport: 'test',
      role,
      send: (answer, delivery) => sent.push({ ...answer, delivery }),
    });
    const ask = (id: string, cmd = 'test.play', args = {}) => dispatcher.receive(session, () => ({ id, cmd, args }));
    return { session, sent, ask };
  };
  return { dispatcher, faults, client };
}

const codes = (sent: Sent[]): unknown[] => sent.map(({ id, event, data }) => [id, event, data.code].filter(Boolean));

test('a request is answered with its own id and one done', async () => {
  const { client } = setup(() => ({ n: 1 }));
  const { sent, ask, session } = client();
  await ask('a');
  assert.deepEqual(sent, [
    { id: 'a', event: 'done', data: { n: 1 }, delivery: { cmd: 'test.play', droppable: false } },
  ]);
  assert.equal(session.open.size, 0);
});

test('a command for admins is forbidden to players and open to admins', async () => {
  const { client } = setup();
  const player = client();
  await player.ask('a', 'test.admin');
  assert.deepEqual(codes(player.sent), [['a', 'failed', 'forbidden']]);
  const admin = client('admin');
  await admin.ask('a', 'test.admin');
  await admin.ask('b', 'test.play');
  assert.deepEqual(codes(admin.sent), [
    ['a', 'done'],
    ['b', 'done'],
  ]);
});

test('the role is checked before the arguments are looked at', async () => {
  const { client } = setup();
  const { sent, ask } = client();
  await ask('a', 'test.admin', { n: 'text' });
  assert.deepEqual(codes(sent), [['a', 'failed', 'forbidden']]);
});

test('unknown commands, bad arguments and names of object members fail with their codes', async () => {
  const { client } = setup();
  const { sent, ask } = client();
  await ask('a', 'test.nothing');
  await ask('b', 'toString');
  await ask('c', 'test.play', { n: 1.5 });
  await ask('d', 'test.play', { m: 1 });
  assert.deepEqual(codes(sent), [
    ['a', 'failed', 'unknown_command'],
    ['b', 'failed', 'unknown_command'],
    ['c', 'failed', 'bad_args'],
    ['d', 'failed', 'bad_args'],
  ]);
});

test('what cannot be read fails with the id that could be read, or with none', async () => {
  const { dispatcher, client } = setup();
  const { session, sent } = client();
  const read = (error: unknown) => () => {
    throw error;
  };
  await dispatcher.receive(session, read(new ProtocolError('malformed', 'not JSON')));
  await dispatcher.receive(session, read(new ProtocolError('bad_envelope', 'no cmd', { id: 'a' })));
  assert.deepEqual(
    sent.map(({ id, data }) => [id, data.code]),
    [
      [null, 'malformed'],
      ['a', 'bad_envelope'],
    ],
  );
});

test('an id may be used again after its end, not before', async () => {
  let release = (): void => undefined;
  const { client } = setup(() => new Promise((resolve) => (release = () => resolve({}))));
  const { sent, ask } = client();
  const first = ask('a');
  await ask('a');
  assert.deepEqual(codes(sent), [['a', 'failed', 'duplicate_id']]);
  release();
  await first;
  const again = ask('a');
  release();
  await again;
  assert.deepEqual(codes(sent).slice(1), [
    ['a', 'done'],
    ['a', 'done'],
  ]);
});

test('the same id of two clients is two requests', async () => {
  const { client } = setup();
  const [a, b] = [client(), client()];
  await Promise.all([a.ask('x'), b.ask('x')]);
  assert.deepEqual([codes(a.sent), codes(b.sent)], [[['x', 'done']], [['x', 'done']]]);
});

test('a connection may not have more requests open than the limit, another one still may', async () => {
  const { client } = setup(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)));
  const { sent, ask } = client();
  for (const id of ['a', 'b', 'c', 'd']) void ask(id);
  await Promise.resolve();
  assert.deepEqual(codes(sent), [['d', 'failed', 'queue_full']]);
  const other = client();
  void other.ask('a');
  assert.equal(other.session.open.size, 1);
});

test('a client that is gone is sent nothing and its requests are told to stop', async () => {
  let reason: unknown;
  const { dispatcher, client } = setup(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(reason);
        });
      }),
  );
  const { session, sent, ask } = client();
  const open = ask('a');
  dispatcher.disconnect(session);
  await open;
  await ask('b');
  assert.equal((reason as ProtocolError).code, 'cancelled');
  assert.deepEqual(sent, []);
  assert.equal(dispatcher.sessions, 0);
});

test('progress after the end is not sent', async () => {
  let late = (): void => undefined;
  const { client } = setup(({ emit }) => {
    late = () => emit('row' as never, {} as never, true);
    late();
    return {};
  });
  const { sent, ask } = client();
  await ask('a');
  late();
  assert.deepEqual(
    sent.map(({ event, delivery }) => [event, delivery.droppable]),
    [
      ['row', true],
      ['done', false],
    ],
  );
});

test('a failure carries the job once there is one', async () => {
  const { client } = setup(({ setJob }) => {
    setJob('j1');
    throw new ProtocolError('engine_crashed');
  });
  const { sent, ask } = client();
  await ask('a');
  assert.equal(sent[0]?.data.job, 'j1');
});

test('a fault nobody foresaw is told as internal, without its text, and its cause is reported', async () => {
  const fault = new TypeError('secret path');
  const { client, faults } = setup(() => {
    throw fault;
  });
  const { sent, ask } = client();
  await ask('a');
  assert.deepEqual(codes(sent), [['a', 'failed', 'internal']]);
  assert.ok(!JSON.stringify(sent).includes('secret'));
  assert.deepEqual(faults, [fault]);
});

test('an answer that the transport cannot encode still ends the request', async () => {
  const { dispatcher, faults } = setup(() => ({ n: 1n }));
  const sent: string[] = [];
  const session = dispatcher.connect({
    transport: 'test',
    role: 'play',
    send: (answer) => sent.push(JSON.stringify(answer)),
  });
  await dispatcher.receive(session, () => ({ id: 'a', cmd: 'test.play', args: {} }));
  assert.equal((JSON.parse(sent[0] ?? '') as Answer).data.code, 'internal');
  assert.equal(faults.length, 1);
});
