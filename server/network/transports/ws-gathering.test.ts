import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Answer } from '../../../protocol/index.ts';
import type { Dispatcher, Send, Session } from '../../dispatch/dispatcher.ts';
import { createWs } from './ws.ts';

/** A connection that counts how often the system is given bytes, and what of. */
class Wire extends Duplex {
  calls = 0;
  text = '';

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#take([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  setTimeout(): void {}
  setNoDelay(): void {}

  #take(chunks: readonly Buffer[], done: () => void): void {
    this.calls += 1;
    this.text += Buffer.concat(chunks).toString('latin1');
    done();
  }
}

const headers = {
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

/** A WebSocket whose requests `answer` answers, as it likes. */
function open(answer: (send: Send, id: string) => void): { wire: Wire; session: { closed: boolean } } {
  const state = { closed: false };
  const sends = new Map<object, Send>();
  const dispatcher = {
    connect: ({ send }: { send: Send }) => {
      const session = { id: 'one', open: new Map() } as unknown as Session;
      sends.set(session, send);
      return session;
    },
    disconnect: () => (state.closed = true),
    receive: async (session: Session, read: () => { id: string }) => {
      const { id } = read();
      await Promise.resolve();
      answer(sends.get(session)!, id);
    },
  } as unknown as Dispatcher;
  const ws = createWs({
    dispatcher,
    log: () => undefined,
    messageBytes: 65_536,
    heartbeatMs: 60_000,
    osc: null,
    slowBytes: 1024,
    stuckBytes: 4096,
    unsentBytes: 2 ** 20,
  });
  const wire = new Wire();
  const request = { method: 'GET', url: '/ws', headers } as unknown as IncomingMessage;
  const entry = { kind: 'foley', grant: { role: 'play', holds: () => true }, onOpen: () => undefined } as const;
  ws.upgrade(request, wire as never, Buffer.alloc(0), entry);
  wire.calls = 0;
  wire.text = '';
  return { wire, session: state };
}

/** A text frame of a client, with a mask of zeroes. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);
}

const asked = (id: number): Buffer => frame(JSON.stringify({ id: `r${id}`, cmd: 'server.ping' }));
const done = (id: string): Answer => ({ id, event: 'done', data: {} });
const settled = { cmd: 'server.ping', droppable: false };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('answers to what came in one piece leave together, in order', async () => {
  const { wire } = open((send, id) => send(done(id), settled));
  wire.push(Buffer.concat(Array.from({ length: 20 }, (_, i) => asked(i))));
  await turn();
  const ids = [...wire.text.matchAll(/"id":"r(\d+)"/g)].map(([, id]) => Number(id));
  assert.deepEqual(
    ids,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(wire.calls, 1);
  wire.push(asked(20));
  await turn();
  assert.equal(wire.calls, 2, 'and the next does not wait');
});

test('what is held back to leave together counts as nobody’s delay, and is bounded', async () => {
  const text = 'x'.repeat(1000);
  const { wire, session } = open((send, id) => {
    for (let i = 0; i < 100; i++) send({ id, event: 'row', data: { text } }, { cmd: null, droppable: true });
    send(done(id), settled);
  });
  wire.push(asked(1));
  await turn();
  assert.equal(wire.text.match(/"event":"row"/g)?.length, 100, 'no event is missed, though the limit is 1024 bytes');
  assert.ok(wire.text.endsWith('"event":"done","data":{}}'));
  assert.ok(wire.calls > 5 && wire.calls < 10, `${wire.calls} calls for 100 kB`);
  assert.equal(session.closed, false);
});
