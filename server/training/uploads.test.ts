import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { ProtocolError } from '../../protocol/index.ts';
import { temporary } from '../test/support/server.ts';
import { checkFolder } from './recordings-folder.ts';
import { Uploads } from './uploads.ts';

const code =
  (expected: string, message = /./) =>
  (error: unknown) => {
    return error instanceof ProtocolError && error.code === expected && message.test(error.message);
  };
const bytes = (text: string): Uint8Array => Buffer.from(text);

test('pieces make the file, in order; one that was lost is asked for by where it begins', async (t) => {
  const uploads = new Uploads({ dir: await temporary(t), maxBytes: 100 });
  assert.equal(await uploads.write('u', 'A/one.wav', 0, bytes('abc')), 3);
  assert.equal(await uploads.write('u', 'A/one.wav', 3, bytes('de')), 5);
  await assert.rejects(uploads.write('u', 'A/one.wav', 9, bytes('x')), code('bad_args', /5 bytes of this file/));
  assert.equal(await readFile(path.join(await uploads.folder('u'), 'A/one.wav'), 'utf8'), 'abcde');
  assert.equal(await uploads.write('u', 'A/one.wav', 0, bytes('z')), 1);
  await uploads.remove('u');
  await assert.rejects(uploads.folder('u'), code('bad_args'));
});

test('names that could leave the folder, or that no system likes, are refused', async (t) => {
  const uploads = new Uploads({ dir: await temporary(t), maxBytes: 100 });
  for (const name of [
    '../x.wav',
    'A/../x.wav',
    '/x.wav',
    'A/B/c.wav',
    '.x.wav',
    'A\\x.wav',
    'x.wav\0',
    'x.sh',
    '',
    'a:b.wav',
    'A./x.wav',
    'con.wav',
    'A/lpt1 .take.wav',
    'NUL/x.wav',
    'COM\u00b9.wav',
  ])
    await assert.rejects(uploads.write('u', name, 0, bytes('x')), code('bad_args'), name);
});

test('names that one file system takes for the same are the same, or refused', async (t) => {
  const uploads = new Uploads({ dir: await temporary(t), maxBytes: 100 });
  await uploads.write('u', 'Cafe\u0301/one.wav', 0, bytes('abc'));
  assert.equal(await uploads.write('u', 'Caf\u00e9/one.wav', 3, bytes('de')), 5);
  for (const name of ['Caf\u00e9/ONE.wav', 'CAFE\u0301/two.wav'])
    await assert.rejects(uploads.write('u', name, 0, bytes('x')), code('bad_args', /only by case/), name);
});

test('uploads whose names differ only by case are two on one system and one on another: the second is refused', async (t) => {
  const uploads = new Uploads({ dir: await temporary(t), maxBytes: 100 });
  await uploads.write('takes', 'one.wav', 0, bytes('a'));
  await assert.rejects(uploads.write('Takes', 'one.wav', 0, bytes('b')), code('bad_args', /takes only by case/));
  await uploads.remove('takes');
  assert.equal(await uploads.write('Takes', 'one.wav', 0, bytes('b')), 1);
});

test('an upload has bounds, also over a restart, and so has their number', async (t) => {
  const dir = await temporary(t);
  const options = { dir, maxBytes: 10, maxFiles: 2, most: 2 };
  const uploads = new Uploads(options);
  await uploads.write('u', 'a.wav', 0, bytes('12345678'));
  await assert.rejects(uploads.write('u', 'b.wav', 0, bytes('123')), code('too_large'));
  let passed = 0;
  const later = new Uploads({ ...options, steady: () => passed });
  await assert.rejects(later.write('u', 'b.wav', 0, bytes('123')), code('too_large'));
  await later.write('u', 'b.wav', 0, bytes('1'));
  await assert.rejects(later.write('u', 'c.wav', 0, bytes('1')), code('too_large'));
  await later.write('v', 'a.wav', 0, bytes('1'));
  await assert.rejects(later.write('w', 'a.wav', 0, bytes('1')), code('queue_full'));
  await utimes(path.join(dir, 'v'), 1, 1);
  passed = 24 * 3_600_000;
  assert.equal(await later.write('w', 'a.wav', 0, bytes('1')), 1);
});

test('a clock that is set forward makes no upload old that is being written', async (t) => {
  const dir = await temporary(t);
  let passed = 0;
  const uploads = new Uploads({ dir, maxBytes: 100, steady: () => passed });
  await uploads.write('going', 'a.wav', 0, bytes('abc'));
  // As after a clock that began in 1970 was set.
  await utimes(path.join(dir, 'going'), 1, 1);
  await uploads.write('other', 'b.wav', 0, bytes('b'));
  assert.equal(await uploads.write('going', 'a.wav', 3, bytes('d')), 4);
  await utimes(path.join(dir, 'going'), 1, 1);
  passed = 24 * 3_600_000;
  await uploads.write('third', 'c.wav', 0, bytes('c'));
  await assert.rejects(uploads.folder('going'), code('bad_args'));
});

test('a folder is read only inside the allowed ones, whatever links say', async (t) => {
  const root = await temporary(t);
  const [allowed, secret] = [path.join(root, 'allowed'), path.join(root, 'secret')];
  await mkdir(path.join(allowed, 'good'), { recursive: true });
  await mkdir(secret);
  await writeFile(path.join(allowed, 'good', 'a.wav'), '12345');
  await writeFile(path.join(secret, 'b.wav'), '1');
  assert.ok((await checkFolder(path.join(allowed, 'good'), [allowed], 100)).endsWith('good'));
  const refused = (folder: string, list = [allowed]) =>
    assert.rejects(checkFolder(folder, list, 100), code('forbidden'));
  await refused(secret);
  await refused(path.join(allowed, '..', 'secret'));
  await refused(path.join(root, 'nothing'));
  await refused('good');
  await refused(`${allowed}-other`);
  await refused(path.join(allowed, 'good'), []);
  await assert.rejects(checkFolder(path.join(allowed, 'good'), [allowed], 4), code('too_large'));
  await symlink(secret, path.join(allowed, 'link'));
  await refused(path.join(allowed, 'link'));
  await symlink(path.join(secret, 'b.wav'), path.join(allowed, 'good', 'c.wav'));
  await refused(path.join(allowed, 'good'));
});
