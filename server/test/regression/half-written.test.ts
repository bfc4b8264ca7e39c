/** A server that was killed in the middle of a write left the half of it in the data folder for ever, secrets included. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { newServer } from '../support/server.ts';

test('what a killed server left half written is gone after the next start, and nothing else is', async (t) => {
  const data = await mkdtemp(path.join(tmpdir(), 'foleyd-half-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const gone = ['.deliver-0123abcd.tmp', '.machine-89abcdef.tmp', '.owner-3-00000000.tmp', '.triggers-11111111.tmp'];
  // Others may be writing these just now; the last is not of foleyd.
  const kept = ['.owner-4-00000001.tmp', '.tokens-00000002.tmp', '.notes.tmp'];
  for (const name of [...gone, ...kept]) await writeFile(path.join(data, name), '{"secret":"hal');
  const hourAgo = Date.now() / 1000 - 3600;
  await utimes(path.join(data, '.owner-3-00000000.tmp'), hourAgo, hourAgo);
  await newServer(t, { config: { data } });
  const left = (await readdir(data)).filter((name) => name.endsWith('.tmp'));
  assert.deepEqual(left.sort(), kept.sort());
});
