import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { ClipPool, type NewClip } from './clip-pool.ts';

interface Order {
  left: number;
  hurried: boolean;
  take: (clip: NewClip) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

const newClip = (seed: number): NewClip => ({
  sound: { seconds: 1, bytes: 10 },
  pcm: null,
  rate: 1,
  seed,
  temperature: 1,
  guidance: 0,
});

/** A pool whose clips come when the test says. */
function workshop(want: number, { reuse = false, spread = false, budget = Number.MAX_VALUE } = {}) {
  const orders: Order[] = [];
  let seed = 0;
  const pool = new ClipPool({
    want,
    reuse,
    spread,
    budget: () => budget,
    make: ({ length: left }, take, _signal, hurried) =>
      new Promise((resolve, reject) => void orders.push({ left, hurried, take, resolve, reject })),
  });
  const deliver = async (): Promise<boolean> => {
    const order = orders[0];
    if (order === undefined) return false;
    order.take(newClip(seed++));
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
        const taken = pool.take(1) ?? pool.again();
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

test('clips are wanted in a hurry while fewer than half are ready', async () => {
  const { pool, orders, deliver } = workshop(4);
  const hurried = (): boolean | undefined => orders.at(-1)?.hurried;
  pool.fill();
  assert.equal(hurried(), true);
  while (await deliver());
  pool.take(1);
  assert.equal(hurried(), false, 'three of four are ready');
  pool.take(1);
  assert.equal(hurried(), false, 'two are');
  pool.take(1);
  assert.equal(hurried(), true, 'one is');
  pool.close();
});

test('clips that may come again are played in turn, and none is asked for behind them', async () => {
  const { pool, orders, deliver } = workshop(3, { reuse: true });
  pool.fill();
  for (let i = 0; i < 3; i++) await deliver();
  const seeds = Array.from({ length: 7 }, () => pool.take(1)!.clip.seed);
  assert.deepEqual(seeds, [0, 1, 2, 0, 1, 2, 0]);
  assert.equal(orders.length, 0);
  assert.deepEqual([pool.counts.played, pool.counts.starved], [7, 0]);
});

test('a failure is told and tried again later, longer each time; a clip ends it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pool, orders, deliver } = workshop(2);
  pool.fill();
  for (const wait of [500, 1000, 2000]) {
    orders.shift()!.reject(new Error('no voice'));
    await nextTurn();
    assert.deepEqual([pool.state.problem, pool.state.coming], ['no voice', 0]);
    pool.take(1);
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

test('whatever comes and goes, the budget holds, and no clip comes again while fresh ones are there', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('hit' as const), velocity: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
    fc.constant({ do: 'deliver' as const }),
    fc.constant({ do: 'add' as const }),
    fc.constant({ do: 'spend' as const }),
    fc.constant({ do: 'fail' as const }),
  );
  const options = fc.record({
    want: fc.integer({ min: 1, max: 6 }),
    spread: fc.boolean(),
    room: fc.integer({ max: 14, min: 0 }),
  });
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { maxLength: 80 }), async ({ want, spread, room }, steps) => {
      const { pool, orders, deliver } = workshop(want, { spread, budget: room * 10 });
      pool.fill();
      const heard = new Set<number>();
      let extra = 1000;
      for (const one of steps) {
        const before = pool.state.ready;
        if (one.do === 'deliver') await deliver();
        else if (one.do === 'add') pool.add({ ...newClip(extra++), level: 0.4 });
        else if (one.do === 'spend') pool.spend({ ...newClip(extra), level: 1 });
        else if (one.do === 'fail') {
          orders.shift()?.reject(new Error('no'));
          await nextTurn();
        } else {
          const taken = pool.take(one.velocity) ?? pool.again();
          if (taken !== null && !taken.again) {
            assert.ok(!heard.has(taken.clip.seed));
            heard.add(taken.clip.seed);
          } else assert.equal(before, 0, 'comes again only when nothing is fresh');
        }
        if (one.do === 'spend') heard.add(extra++);
        assert.ok(pool.bytes <= room * 10, `${pool.bytes} bytes`);
        assert.ok(pool.state.ready <= want);
        assert.equal(
          orders.reduce((sum, { left }) => sum + left, 0),
          pool.state.coming,
        );
      }
      pool.close();
      assert.equal(pool.bytes, 0);
    }),
  );
});

test('soft and hard hits find clips of their own, and what is taken is replaced by its like', async () => {
  const levels: number[][] = [];
  const pool = new ClipPool({
    want: 3,
    reuse: false,
    spread: true,
    budget: () => 1e9,
    make: async (asked, take) => {
      levels.push([...asked]);
      for (const _ of asked) take(newClip(levels.length));
    },
  });
  pool.fill();
  assert.deepEqual(
    [0.05, 1, 0.6, 0.8].map((velocity) => pool.take(velocity)!.clip.level),
    [0, 1, 0.5, 1],
  );
  assert.deepEqual(levels, [[0, 0.5, 1], [0], [1], [0.5], [1]]);
});
