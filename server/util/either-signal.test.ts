import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import process from 'node:process';
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

test('any number may wait for one signal', async (t) => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on('warning', hear);
  t.after(() => process.off('warning', hear));
  for (const wait of [(signal: AbortSignal) => eitherSignal(signal), (signal: AbortSignal) => pause(1e6, signal)]) {
    const lasting = new AbortController();
    for (let i = 0; i < 20; i++) wait(lasting.signal);
    lasting.abort();
  }
  // One of our own comes behind those of Node.
  const own = once(process, 'warning', { signal: AbortSignal.timeout(60_000) });
  process.emitWarning('the last');
  await own;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['the last'],
  );
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
