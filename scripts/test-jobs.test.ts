import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { parts, runJobs } from './test-jobs.mjs';

test('jobs begin in order, as many at once as asked for, and one that throws ends no other', async () => {
  const begun: string[] = [];
  let [running, most] = [0, 0];
  const job = (name: string, turns: number) => ({
    name,
    run: async () => {
      begun.push(name);
      running += 1;
      most = Math.max(most, running);
      for (let i = 0; i < turns; i++) await turn();
      running -= 1;
      if (name === 'b') throw new Error('b failed');
    },
  });
  const jobs = [job('a', 9), job('b', 1), job('c', 1), job('d', 1)];
  await assert.rejects(runJobs(jobs, 2), /b failed/);
  assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  assert.equal(most, 2);
});

test('every test file is in one part, the longest first and alone', () => {
  const short = Array.from({ length: 70 }, (_, i) => `protocol/${i}.test.ts`);
  const slow = Array.from({ length: 7 }, (_, i) => `server/test/${i}.test.ts`);
  const made = parts([...short, ...slow, 'server/test/retrain.test.ts'], (file) => file.startsWith('protocol/'));
  assert.deepEqual(made[0], ['server/test/retrain.test.ts']);
  assert.deepEqual(made.flat().sort(), [...short, ...slow, 'server/test/retrain.test.ts'].sort());
  assert.deepEqual(
    made.map((part) => part.length),
    [1, 6, 1, 30, 30, 10],
  );
});
