import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { Pool, type ReadyClip } from './pool.ts';

interface Order {
  left: number;
  take: (clip: ReadyClip) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A pool whose clips come when the test says. */
function workshop(want: number, reuse = false) {
  const orders: Order[] = [];
  let seed = 0;
  const pool = new Pool({
    ...{ want, reuse },
    make: (count, take) => new Promise((resolve, reject) => void orders.push({ left: count, take, resolve, reject })),
  });
  const deliver = async (): Promise<boolean> => {
    const order = orders[0];
    if (order === undefined) return false;
    order.take({ sound: { seconds: 1, bytes: 10 }, seed: seed++ });
    if (--order.left === 0) orders.shift()!.resolve();
    await nextTurn();
    return true;
  };
  return { pool, orders, deliver };
}

test('no clip is heard twice while fresh ones are there, and what is taken is asked for again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(fc.boolean(), { maxLength: 80 }), async (want, steps) => {
      const { pool, orders, deliver } = workshop(want);
      pool.fill();
      const heard = new Set<number>();
      let fresh = 0;
      for (const isHit of steps) {
        if (!isHit) {
          if (await deliver()) fresh += 1;
          continue;
        }
        const taken = pool.take();
        if (taken === null) assert.equal(heard.size, 0, 'silence only before the first clip');
        else if (taken.again) assert.ok(fresh === 0 && heard.has(taken.clip.seed));
        else {
          assert.ok(!heard.has(taken.clip.seed));
          heard.add(taken.clip.seed);
          fresh -= 1;
        }
        const { ready, coming } = pool.state;
        assert.equal(ready, fresh);
        assert.equal(ready + coming, want);
        assert.equal(
          orders.reduce((sum, { left }) => sum + left, 0),
          coming,
        );
        assert.ok(pool.bytes <= 10 * 2 * want);
      }
      pool.close();
    }),
  );
});

test('clips that may come again are played in turn, and none is asked for behind them', async () => {
  const { pool, orders, deliver } = workshop(3, true);
  pool.fill();
  for (let i = 0; i < 3; i++) await deliver();
  const seeds = Array.from({ length: 7 }, () => pool.take()!.clip.seed);
  assert.deepEqual(seeds, [0, 1, 2, 0, 1, 2, 0]);
  assert.equal(orders.length, 0);
  assert.deepEqual(pool.counts, { played: 7, starved: 0 });
});

test('a failure is told and tried again later, longer each time; a clip ends it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pool, orders, deliver } = workshop(2);
  pool.fill();
  for (const wait of [500, 1000, 2000]) {
    orders.shift()!.reject(new Error('no voice'));
    await nextTurn();
    assert.deepEqual([pool.state.problem, pool.state.coming], ['no voice', 0]);
    pool.take();
    assert.equal(orders.length, 0, 'a hit does not hurry it');
    t.mock.timers.tick(wait - 1);
    assert.equal(orders.length, 0);
    t.mock.timers.tick(1);
    assert.equal(orders.length, 1);
  }
  await deliver();
  assert.equal(pool.state.problem, null);
  pool.close();
  orders[0]!.reject(new Error('late'));
  await nextTurn();
  assert.equal(pool.state.problem, null);
});
