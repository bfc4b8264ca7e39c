import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { temporary } from '../test/support/server.ts';
import { Folder } from './folder.ts';

const bytes = Uint8Array.of(1, 2);

test('a file appears whole, under a name that was free, and replaces nothing', async (t) => {
  const root = await temporary(t);
  const folder = new Folder({ root: path.join(root, 'out'), freeDisk: 0, maxBytes: 1e9 });
  const a = await folder.put('', 'door slam', 'wav', bytes);
  const b = await folder.put('', 'door slam', 'wav', Uint8Array.of(3));
  const c = await folder.put('scene 12/dogs', 'door slam', 'wav', bytes);
  assert.deepEqual(
    [a, b, c].map((file) => path.relative(root, file)),
    ['out/door slam.wav', 'out/door slam-2.wav', 'out/scene 12/dogs/door slam.wav'],
  );
  assert.deepEqual([...(await readFile(a))], [1, 2]);
  await symlink(path.join(root, 'outside'), path.join(root, 'out', 'link.wav'));
  assert.equal(path.basename(await folder.put('', 'link', 'wav', bytes)), 'link-2.wav');
  assert.ok(!existsSync(path.join(root, 'outside')));
  const names = await Promise.all(Array.from({ length: 12 }, () => folder.put('many', 'same', 'wav', bytes)));
  assert.equal(new Set(names).size, 12);
  assert.deepEqual(
    (await readdir(path.join(root, 'out', 'many'))).filter((name) => name.startsWith('.')),
    [],
  );
});

test('no name and no folder leads out of it, by a link neither', async (t) => {
  const root = await temporary(t);
  const folder = new Folder({ root: path.join(root, 'out'), freeDisk: 0, maxBytes: 1e9 });
  const wrong = [
    '../x',
    'a/b',
    '/etc/x',
    '.hidden',
    'a\\b',
    'C:x',
    'nul',
    'COM1.x',
    '',
    'x\0y',
    'x'.repeat(151),
    'dot. ',
  ];
  for (const name of wrong)
    await assert.rejects(
      folder.put('', name, 'wav', bytes),
      { code: 'bad_args', path: 'args.name' },
      JSON.stringify(name),
    );
  for (const below of ['..', 'a/../..', '/etc', 'a//b', 'a/', '.git', 'a\\b', 'con'])
    await assert.rejects(folder.put(below, 'x', 'wav', bytes), { code: 'bad_args', path: 'args.folder' }, below);
  await mkdir(path.join(root, 'elsewhere'));
  await mkdir(path.join(root, 'out'), { recursive: true });
  await symlink(path.join(root, 'elsewhere'), path.join(root, 'out', 'way'));
  await assert.rejects(folder.put('way', 'x', 'wav', bytes), { code: 'bad_args', path: 'args.folder' });
  await assert.rejects(folder.put('way/deeper', 'x', 'wav', bytes), { code: 'bad_args' });
  assert.deepEqual((await readdir(root)).sort(), ['elsewhere', 'out']);
});

test('a folder that holds enough, or a disk that is full, takes no more; what leaves makes room', async (t) => {
  const root = await temporary(t);
  const small = new Folder({ root, freeDisk: 0, maxBytes: 100 });
  const first = await small.put('', 'a', 'wav', new Uint8Array(60));
  await assert.rejects(small.put('', 'b', 'wav', new Uint8Array(60)), { code: 'no_room' });
  await writeFile(first, '');
  await small.put('', 'b', 'wav', new Uint8Array(60));
  const full = new Folder({ root, freeDisk: 2 ** 60, maxBytes: 1e9 });
  await assert.rejects(full.put('', 'c', 'wav', bytes), { code: 'no_room', message: /\b1 KiB are to be written/ });
  assert.deepEqual((await readdir(root)).sort(), ['a.wav', 'b.wav']);
});

const memory = '/dev/shm';
const isOtherDisk = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;
test('where the disk of the folder is gone nothing is written in its place', {
  skip: !isOtherDisk && `no second disk at ${memory}`,
}, async (t) => {
  const root = await temporary(t);
  const disk = await mkdtemp(path.join(memory, 'foleyd-'));
  t.after(() => rm(disk, { recursive: true }));
  // A link stands for a disk that is mounted here.
  const place = path.join(root, 'out');
  await symlink(disk, place);
  const folder = new Folder({ root: place, freeDisk: 0, maxBytes: 1e9 });
  const put = () => folder.put('', 'a', 'wav', bytes);
  await put();
  await rm(place);
  const gone = { code: 'io_error', message: /out is not on the disk that it was on/ };
  await assert.rejects(put(), gone);
  await mkdir(place);
  await assert.rejects(put(), gone);
  assert.deepEqual(await readdir(place), []);
  await rmdir(place);
  await symlink(disk, place);
  await put();
  assert.deepEqual((await readdir(disk)).sort(), ['a-2.wav', 'a.wav']);
  // On the same disk it is made again, as at the beginning.
  const own = new Folder({ root: path.join(root, 'own'), freeDisk: 0, maxBytes: 1e9 });
  await own.put('', 'a', 'wav', bytes);
  await rm(own.root, { recursive: true });
  await own.put('', 'b', 'wav', bytes);
  assert.deepEqual(await readdir(own.root), ['b.wav']);
});

test('what a crash left half written goes, and nothing else', async (t) => {
  const root = await temporary(t);
  for (const name of ['.foleyd-0123456789abcdef.part', '.foleyd-x.part', 'a.wav'])
    await writeFile(path.join(root, name), '');
  await new Folder({ root, freeDisk: 0, maxBytes: 1 }).clean('');
  assert.deepEqual((await readdir(root)).sort(), ['.foleyd-x.part', 'a.wav']);
});

test('at the start what a crash left goes from all folders, and no folder is made', async (t) => {
  const root = await temporary(t);
  const below = path.join(root, 'a', 'b');
  await mkdir(below, { recursive: true });
  for (const dir of [root, below])
    for (const name of ['.foleyd-0123456789abcdef.part', 'a.wav']) await writeFile(path.join(dir, name), '');
  await new Folder({ root, freeDisk: 0, maxBytes: 1 }).cleanAll();
  assert.deepEqual((await readdir(root, { recursive: true })).sort(), ['a', 'a.wav', 'a/b', 'a/b/a.wav']);
  const absent = path.join(root, 'none');
  await new Folder({ root: absent, freeDisk: 0, maxBytes: 1 }).cleanAll();
  await assert.rejects(stat(absent), { code: 'ENOENT' });
});

test('a folder that is a file, or lies below one, is named with what is wrong', async (t) => {
  const root = path.join(await temporary(t), 'taken');
  await writeFile(root, 'a file');
  for (const place of [root, path.join(root, 'below')]) {
    const folder = new Folder({ root: place, freeDisk: 0, maxBytes: 1e9 });
    await assert.rejects(folder.clean(''), { code: 'io_error', message: /taken.* cannot be used: .*(file)/ });
    await assert.rejects(folder.put('', 'a', 'wav', bytes), { code: 'io_error' });
  }
});
