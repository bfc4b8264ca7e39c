import assert from 'node:assert/strict';
import test from 'node:test';
import { ReconnectDelay } from './reconnect-delay.ts';

test('waits double up to five seconds, begin anew after a connection, and can be cut short', async (t) => {
  const waited: number[] = [];
  t.mock.method(globalThis, 'setTimeout', (end: () => void, ms: number) => {
    waited.push(ms);
    queueMicrotask(end);
  });
  const delay = new ReconnectDelay(1500);
  for (let n = 0; n < 4; n++) await delay.wait();
  delay.reset();
  await delay.wait();
  assert.deepEqual(waited, [1500, 3000, 5000, 5000, 1500]);
  t.mock.restoreAll();
  const cut = new ReconnectDelay(60_000);
  const waiting = cut.wait();
  cut.cut();
  await waiting;
});
