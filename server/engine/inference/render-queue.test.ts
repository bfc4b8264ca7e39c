/** What a rendering thread does first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RenderQueue } from './render-queue.ts';

function stage(maxHeldMs?: number) {
  const queue = new RenderQueue(maxHeldMs);
  const done: string[] = [];
  /** Work of some steps, each of which takes a turn of the loop. */
  const add = (name: string, steps: number, urgent: boolean): void =>
    queue.add(async (giveWay) => {
      for (let step = 0; step < steps; step++) {
        if (step > 0) await giveWay();
        await nextTurn();
        done.push(`${name}${step}`);
      }
    }, urgent);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await nextTurn();
  };
  const until = async (count: number): Promise<void> => {
    while (done.length < count) await nextTurn();
  };
  return { queue, done, add, settle, until };
}

test('urgent work goes before what waits, and between two steps of what is under way, in its own order', async () => {
  const { done, add, settle, until } = stage();
  add('a', 3, false);
  add('b', 1, false);
  await until(1);
  add('x', 2, true);
  add('y', 1, true);
  await settle();
  assert.deepEqual(done, ['a0', 'a1', 'x0', 'x1', 'y0', 'a2', 'b0'], 'the step that ran when it came ended first');
});

test('while urgent clips begin nothing else is begun, and no further step; then all goes on', async () => {
  const { queue, done, add, settle, until } = stage(3_600_000);
  add('a', 3, false);
  await until(1);
  const [one, other] = [queue.hold(), queue.hold()];
  add('x', 1, true);
  await settle();
  const held = [...done];
  assert.ok(held.includes('x0') && !held.includes('a2'), String(held));
  one();
  one();
  await settle();
  assert.deepEqual(done, held, 'the other one still begins');
  other();
  await settle();
  assert.equal(done.at(-1), 'a2');
});

test('however many urgent clips begin, the rest is rendered once the hold has lasted as long as it may', async () => {
  const maxHeldMs = 20;
  const { queue, done, add, until } = stage(maxHeldMs);
  queue.hold();
  const added = performance.now();
  add('a', 2, false);
  await until(1);
  // A timer of Node may fire up to a millisecond early.
  assert.ok(performance.now() - added >= maxHeldMs - 1, 'it was held');
  await until(2);
  assert.deepEqual(done, ['a0', 'a1']);
});
