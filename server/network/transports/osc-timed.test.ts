import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import test, { type TestContext } from 'node:test';
import { toBuffer } from 'osc-min';
import { msToTimetag } from '../../../protocol/codecs/timetag.ts';
import type { Request } from '../../../protocol/index.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import { listenOsc } from './osc.ts';

interface Heard {
  request: Request;
  when: number;
}

/** A listener for which pings are timed, and what reached its dispatcher. */
async function listen(t: TestContext, oscTimed = 100) {
  const heard: Heard[] = [];
  let wake = (): void => undefined;
  const dispatcher = {
    connect: () => ({ id: 's', open: new Map() }),
    disconnect: () => undefined,
    receive: (_session: unknown, read: () => Request) => {
      heard.push({ request: read(), when: Date.now() });
      wake();
      return Promise.resolve();
    },
  } as unknown as Dispatcher;
  const listener = await listenOsc({
    dispatcher,
    host: '127.0.0.1',
    port: 0,
    allow: [],
    oscRole: 'play',
    oscSenders: 4,
    oscTimed,
    oscHorizonMs: 60_000,
    log: () => undefined,
    isTimed: (cmd) => cmd === 'server.ping',
  });
  const socket = createSocket('udp4');
  t.after(async () => {
    socket.close();
    await listener.close();
  });
  const send = (at: number, ...addresses: string[]): void => {
    const view = toBuffer({
      timetag: [...msToTimetag(at)] as [number, number],
      elements: addresses.map((address) => ({ address, args: [] })),
    });
    socket.send(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), listener.port, '127.0.0.1');
  };
  const until = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { heard, send, until };
}

test('timed commands of a bundle come ahead with their time, to the fraction; the others wait for it', async (t) => {
  const { heard, send, until } = await listen(t);
  const at = Date.now() + 1000.25;
  send(at, '/foley/info', '/foley/ping');
  await until(2);
  assert.deepEqual(
    heard.map(({ request }) => request.cmd),
    ['server.ping', 'server.info'],
  );
  assert.ok(Math.abs((heard[0]?.request.at ?? 0) - at) < 0.001);
  assert.equal(heard[1]?.request.at, undefined);
  assert.ok(heard[0]!.when < at && heard[1]!.when >= at - 2);
});

test('one that is late comes at once and carries the time it was meant for', async (t) => {
  const { heard, send, until } = await listen(t);
  const at = Date.now() - 5000.5;
  send(at, '/foley/ping', '/foley/info');
  await until(2);
  assert.ok(Math.abs((heard[0]?.request.at ?? 0) - at) < 0.001);
  assert.equal(heard[1]?.request.at, undefined);
});
