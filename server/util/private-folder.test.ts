import assert from 'node:assert/strict';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { temporary } from '../test/support/server.ts';
import { makePrivate } from './private-folder.ts';

const skip = process.platform === 'win32' ? 'Windows has no rights of this kind' : false;
const rightsOf = async (folder: string): Promise<number> => (await stat(folder)).mode & 0o1777;

test('a new data folder, and one that others could read, is its owner’s alone', { skip }, async (t) => {
  const root = await temporary(t);
  const told: string[] = [];
  await makePrivate(path.join(root, 'a', 'new'), (_, message) => told.push(message));
  assert.deepEqual([await rightsOf(path.join(root, 'a', 'new')), told], [0o700, []]);
  await mkdir(path.join(root, 'old'));
  await chmod(path.join(root, 'old'), 0o755);
  await makePrivate(path.join(root, 'old'), (_, message) => told.push(message));
  assert.equal(await rightsOf(path.join(root, 'old')), 0o700);
  assert.match(told.join(), /could read the data folder .*old; it is now private to its owner/);
});

test('a folder that many share, or of another user, stays as it is, and a warning says why', { skip }, async (t) => {
  const folder = await temporary(t);
  const told: string[] = [];
  await chmod(folder, 0o1777);
  await makePrivate(folder, (_, message) => told.push(message));
  await chmod(folder, 0o755);
  await makePrivate(folder, (_, message) => told.push(message), { user: (process.getuid?.() ?? 0) + 1 });
  await makePrivate(path.join(folder, 'x\0'), (_, message) => told.push(message));
  assert.equal(await rightsOf(folder), 0o755);
  assert.equal(told.length, 3);
  assert.match(told[0]!, /shared folder/);
  assert.match(told[1]!, /another user/);
  assert.match(told[2]!, /cannot be created/);
});
