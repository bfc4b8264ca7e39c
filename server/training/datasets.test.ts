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

test('one that waits for another ends as soon as it is cancelled, and is not made', async (t) => {
  const root = await temporary(t);
  const [dir, folder] = [path.join(root, 'datasets'), path.join(root, 'in')];
  await mkdir(folder);
  const room = { memory: 2 ** 40, freeMemory: 0, freeDisk: 0 };
  const sets = new DataSets({ dir, finder, room, hours: 1 });
  const add = (id: string, signal: AbortSignal) =>
    sets.add(
      { id, folder, class: 'hungry', seconds: 4, licence: '', author: '', notes: '', source: '' },
      () => undefined,
      signal,
    );
  const [first, second] = [new AbortController(), new AbortController()];
  const ends: string[] = [];
  const running = add('first', first.signal).catch(() => ends.push('first'));
  const waiting = add('second', second.signal).catch(() => ends.push('second'));
  while ((await readdir(dir).catch(() => [])).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  second.abort(new Error('cancelled'));
  await waiting;
  assert.deepEqual(ends, ['second'], 'the first never ends by itself');
  first.abort(new Error('cancelled'));
  await running;
  await sets.close();
  assert.deepEqual([ends, await readdir(dir)], [['second', 'first'], []]);
});
