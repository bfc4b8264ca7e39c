import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { temporary } from '../../test/support/server.ts';
import { AuditLog } from './audit-log.ts';

async function newLog(t: TestContext, countMs?: number) {
  const file = path.join(await temporary(t), 'data', 'admin.jsonl');
  const log = new AuditLog(file, (_, message, fields) => assert.fail(`${message}: ${fields?.err}`), countMs);
  const lines = async () => {
    const text = await readFile(file, 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  };
  return { log, lines };
}
const who = { cmd: 'admin.activate', request: '7', session: 'http-1', transport: 'http' };
const refused = { cmd: 'admin.activate', transport: 'osc', code: 'forbidden' } as const;

test('an action is told before it is done, and its outcome after', async (t) => {
  const { log, lines } = await newLog(t);
  await log.begun({ ...who, args: { voice: 'mine' } });
  await log.ended(who, null);
  await log.ended(who, 'voice_corrupt');
  const told = (await lines()).map(({ when, ...line }) => line);
  assert.deepEqual(told, [
    { event: 'begun', ...who, args: '{"voice":"mine"}' },
    { event: 'ended', ...who, outcome: 'done' },
    { event: 'ended', ...who, outcome: 'failed', code: 'voice_corrupt' },
  ]);
});

test('a hundred thousand refusals are as many lines as there are kinds, and their number is right', async (t) => {
  const { log, lines } = await newLog(t);
  for (let i = 0; i < 100_000; i++) {
    log.refused(refused);
    if (i % 2 === 0) log.refused({ ...refused, cmd: null, transport: 'ws', code: 'unauthorized' });
  }
  await log.close();
  const told = (await lines()).map(({ transport, times }) => [transport, times]);
  assert.deepEqual(told, [
    ['osc', 1],
    ['ws', 1],
    ['osc', 99_999],
    ['ws', 49_999],
  ]);
});

test('what was counted is told after a while, and counting begins anew', async (t) => {
  const { log, lines } = await newLog(t, 20);
  for (let i = 0; i < 3; i++) log.refused(refused);
  await new Promise((resolve) => setTimeout(resolve, 60));
  log.refused(refused);
  await log.close();
  assert.deepEqual(
    (await lines()).map(({ times }) => times),
    [1, 2, 1],
  );
});
