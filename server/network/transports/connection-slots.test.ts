import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionSlots } from './connection-slots.ts';

let port = 0;

class FakeSocket extends EventEmitter {
  readonly remotePort = ++port;
  readonly remoteAddress: string;
  destroyed = false;
  writableLength = 0;
  bytesWritten = 0;

  constructor(remoteAddress = '127.0.0.1') {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function slotsOf(t: TestContext, max: number) {
  const heard = { crowded: 0, ms: 0 };
  const slots = new ConnectionSlots({
    max,
    idleMs: 1000,
    onCrowded: () => void heard.crowded++,
    now: () => heard.ms,
  });
  t.after(() => slots.close());
  const enter = (address?: string): FakeSocket => {
    const socket = new FakeSocket(address);
    slots.enter(socket as unknown as Socket);
    return socket;
  };
  /** A WebSocket: it closes when its client has heard that it shall. */
  const enterLasting = (usedAt: number | null, isInUse = false) => {
    const socket = enter();
    const web = { usedAt, isInUse, yielded: false, socket };
    slots.serve(socket);
    slots.lasts(socket, {
      usedAt: () => web.usedAt,
      isInUse: () => web.isInUse,
      yield: () => {
        web.yielded = true;
      },
    });
    return web;
  };
  return { slots, heard, enter, enterLasting };
}

test('sockets that ask for nothing lock nobody out: the oldest gives its slot to a newcomer', (t) => {
  const { slots, enter } = slotsOf(t, 3);
  const idle = [enter(), enter(), enter()];
  const served = enter();
  slots.serve(served);
  assert.deepEqual([...idle.map((one) => one.destroyed), served.destroyed], [true, false, false, false]);
  for (let i = 0; i < 100; i++) enter();
  assert.deepEqual([served.destroyed, slots.size], [false, 3]);
});

test('who is served keeps its slot until it is answered, and the newcomer is turned away and told of', (t) => {
  const { slots, heard, enter } = slotsOf(t, 2);
  const [one] = [enter(), enter()].map((socket) => slots.serve(socket));
  assert.deepEqual([enter().destroyed, heard.crowded], [true, 1]);
  one!();
  one!();
  assert.deepEqual([enter().destroyed, heard.crowded], [false, 1]);
});

test('another machine has a share of the slots, however many are free', (t) => {
  const { slots, heard, enter } = slotsOf(t, 100);
  const theirs = Array.from({ length: 25 }, () => enter('10.0.0.1'));
  for (const socket of theirs) slots.serve(socket);
  assert.equal(enter('10.0.0.1').destroyed, true);
  assert.deepEqual([enter('10.0.0.2').destroyed, enter('127.0.0.1').destroyed, heard.crowded], [false, false, 1]);
});

test('a client that takes nothing of its answer for a minute is let go, a slow one is not', (t) => {
  const { slots, heard, enter } = slotsOf(t, 2);
  const [slow, stalled] = [enter(), enter()];
  for (const socket of [slow, stalled]) [socket.writableLength, socket.bytesWritten] = [1000, 1000];
  slots.look();
  for (let second = 0; second <= 70; second += 5) {
    heard.ms += 5000;
    slow.writableLength -= 1;
    slots.look();
  }
  assert.deepEqual([slow.destroyed, stalled.destroyed], [false, true]);
});

test('WebSockets that never said anything give way oldest first, then the one silent for longest', (t) => {
  const { slots, heard, enter, enterLasting } = slotsOf(t, 5);
  const working = enterLasting(null, true);
  const spoke = [enterLasting(20), enterLasting(10)];
  const never = [enterLasting(null), enterLasting(null)];
  const yielded = (): boolean[] => [...never, ...spoke, working].map((one) => one.yielded);
  heard.ms = 1010;
  const newcomers = [];
  const come = (): void => {
    const socket = enter();
    slots.serve(socket);
    newcomers.push(socket);
  };
  come();
  assert.deepEqual(yielded(), [true, false, false, false, false]);
  come();
  assert.deepEqual(yielded(), [true, true, false, false, false]);
  come();
  assert.deepEqual(yielded(), [true, true, false, true, false], 'silent since 10, not since 20');
  come();
  assert.deepEqual([yielded()[2], heard.crowded], [false, 1], 'silent for less than idleMs');
  heard.ms = 1020;
  come();
  assert.deepEqual([yielded()[2], heard.crowded], [true, 1]);
  heard.ms = 1e9;
  come();
  assert.deepEqual([working.yielded, working.socket.destroyed, heard.crowded], [false, false, 2], 'something goes on');
});

test('what has not asked for anything whole goes before any WebSocket', (t) => {
  const { enter, enterLasting } = slotsOf(t, 2);
  const [web, half] = [enterLasting(null), enter()];
  enter();
  assert.deepEqual([web.yielded, half.destroyed], [false, true]);
});

test('WebSockets that are slow to close are bounded, however fast newcomers come', (t) => {
  const { slots, enterLasting } = slotsOf(t, 10);
  const all = Array.from({ length: 200 }, () => enterLasting(null));
  const open = all.filter(({ socket }) => !socket.destroyed);
  assert.deepEqual([slots.size, open.length, all.filter((one) => one.yielded).length], [10, 10 + 64, 190]);
});
