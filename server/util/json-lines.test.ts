import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporary } from '../test/support/server.ts';
import { arm, install } from '../test/torture/disk.ts';
import { appendLine, readJsonLines } from './json-lines.ts';

const lines = async (file: string): Promise<unknown[]> =>
  readJsonLines(await readFile(file, 'utf8'), (value) => [value]);

test('a line is its own where a crash cut the one before short', async (t) => {
  const file = path.join(await temporary(t), 'log.jsonl');
  await appendLine(file, '{"n":1}');
  await appendFile(file, '{"n":');
  await appendLine(file, '{"n":3}', { sync: true });
  assert.equal(await readFile(file, 'utf8'), '{"n":1}\n{"n":\n{"n":3}\n');
  assert.deepEqual(await lines(file), [{ n: 1 }, { n: 3 }]);
});

test('of a line that could not be written whole nothing stays, and the next is as if it had not been', async (t) => {
  const dir = await temporary(t);
  const file = path.join(dir, 'log.jsonl');
  await writeFile(file, '{"n":1}\n');
  await install(dir);
  t.after(() => arm(null));
  for (const [fault, only, code] of [
    ['short', 'write', 'ENOSPC'],
    ['EIO', 'write', 'EIO'],
    ['EIO', 'sync', 'EIO'],
    ['ENOSPC', 'open', 'ENOSPC'],
  ] as const) {
    arm({ fault, at: 0, only });
    await assert.rejects(appendLine(file, '{"n":2}', { sync: true }), { code });
    assert.equal(await readFile(file, 'utf8'), '{"n":1}\n', `${fault} of ${only}`);
  }
  await appendLine(file, '{"n":3}', { sync: true });
  assert.deepEqual(await lines(file), [{ n: 1 }, { n: 3 }]);
});
