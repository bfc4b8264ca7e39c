import assert from 'node:assert/strict';
import test from 'node:test';
import { OscAllowance } from './osc-allowance.ts';

test('what goes out in a window is bounded by a burst, the time and a multiple of what came in', () => {
  let now = 0;
  const allowance = new OscAllowance({ burst: 1000, perSecond: 100, perByte: 4, now: () => now });
  let [came, sent] = [0, 0];
  // Requests of 10 bytes, answers of 250.
  for (let i = 0; i < 1000; i++, now += 10) {
    allowance.earn('a', 10);
    came += 10;
    if (allowance.inDebt('a')) continue;
    allowance.spend('a', 250);
    sent += 250;
  }
  const bound = 1000 + 100 * 10 + 4 * came;
  assert.ok(sent <= bound + 250, `${sent} of ${bound}`);
  assert.ok(sent > 0.9 * bound, 'all of it may be used');
  assert.equal(allowance.inDebt('b'), false);
});

test('a debt is paid by time, and nothing is saved up beyond the burst', () => {
  let now = 0;
  const allowance = new OscAllowance({ burst: 1000, perSecond: 100, perByte: 4, now: () => now });
  allowance.spend('a', 1500);
  assert.equal(allowance.inDebt('a'), true);
  now += 4900;
  assert.equal(allowance.inDebt('a'), true);
  now += 100;
  assert.equal(allowance.inDebt('a'), false);
  now += 3_600_000;
  allowance.earn('a', 1e6);
  allowance.spend('a', 1001);
  assert.equal(allowance.inDebt('a'), true);
});

test('addresses that were not heard of for longest are forgotten first', () => {
  const allowance = new OscAllowance({ burst: 10, perSecond: 0, perByte: 1, most: 2, now: () => 0 });
  for (const address of ['a', 'b', 'a', 'c']) allowance.spend(address, 20);
  assert.deepEqual(
    ['a', 'c', 'b'].map((address) => allowance.inDebt(address)),
    [true, true, false],
  );
});
