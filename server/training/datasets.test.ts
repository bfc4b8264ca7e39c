import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { finder } from '../test/support/scripted-trainer.ts';
import { temporary } from '../test/support/server.ts';
import { DataSets } from './datasets.ts';

test('making a data set ends when it takes more memory than a training may, and leaves nothing behind', async (t) => {
  const root = await temporary(t);
  const [dir, folder] = [path.join(root, 'datasets'), path.join(root, 'in')];
  await mkdir(folder);
  const room = { memory: 2 ** 20, freeMemory: 0, freeDisk: 0 };
  const sets = new DataSets({ dir, finder, room, hours: 1, checkMs: 20 });
  const given = { id: 'mine', folder, class: 'hungry', seconds: 4, licence: '', author: '', notes: '', source: '' };
  const made = sets.add(given, () => undefined, new AbortController().signal);
  await assert.rejects(made, { code: 'no_room', message: /MiB of memory; at most 1 MiB are allowed/ });
  assert.deepEqual(await readdir(dir), []);
  await sets.close();
});
