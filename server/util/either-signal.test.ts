import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { eitherSignal } from './either-signal.ts';
import { pause } from './pause.ts';

test('either of two ends it, for its reason, also where it ended before; after the release none does', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const first = eitherSignal(a.signal, b.signal);
  const released = eitherSignal(a.signal, b.signal);
  released.release();
  b.abort('b');
  a.abort('a');
  assert.equal(first.signal.reason, 'b');
  assert.equal(released.signal.aborted, false);
  assert.equal(eitherSignal(new AbortController().signal, a.signal).signal.reason, 'a');
});

test('what lasts keeps nothing of what was over before it', async () => {
  const lasting = new AbortController();
  const over = new AbortController();
  for (let i = 0; i < 100; i++) {
    eitherSignal(new AbortController().signal, lasting.signal).release();
    await pause(0, new AbortController().signal, lasting.signal);
  }
  const early = pause(1e6, over.signal, lasting.signal);
  over.abort();
  await early;
  assert.equal(getEventListeners(lasting.signal, 'abort').length, 0);
  // Where AbortSignal.any notes what depends on a signal.
  const noted = Object.getOwnPropertySymbols(lasting.signal).filter((one) => /dependant/i.test(String(one)));
  assert.deepEqual(
    noted.map((one) => Reflect.get(lasting.signal, one)),
    noted.map(() => null),
  );
});
