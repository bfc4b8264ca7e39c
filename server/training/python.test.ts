import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { ProtocolError } from '../../protocol/index.ts';
import { temporary } from '../test/support/server.ts';
import { TrainerFinder } from './python.ts';

test('an interpreter that is not there is named, and so is what to install', async (t) => {
  const folder = await temporary(t);
  const python = path.join(folder, 'no-python');
  await assert.rejects(new TrainerFinder({ folder, python }).find(), (error: unknown) => {
    return error instanceof ProtocolError && error.code === 'python_missing' && error.message.includes(python);
  });
});

test('a Python without the trainer says which packages, and how they are had', async (t) => {
  const folder = await temporary(t);
  const found = await new TrainerFinder({ folder }).find().then(
    () => null,
    (error: unknown) => error as ProtocolError,
  );
  assert.ok(found instanceof ProtocolError);
  if (found.code === 'python_missing') return t.skip('there is no Python here');
  assert.equal(found.code, 'trainer_missing');
  assert.match(found.message, /foley_trainer.*foleyd trainer install/);
});

test('many that ask at once wait for one process', {
  skip: process.platform === 'win32' && 'the interpreter is a shell script',
}, async (t) => {
  const folder = await temporary(t);
  const [python, asked] = [path.join(folder, 'python'), path.join(folder, 'asked')];
  await writeFile(python, `#!/bin/sh\necho once >> '${asked}'\necho python\necho trainer\n`, { mode: 0o755 });
  const finder = new TrainerFinder({ folder, python });
  const found = await Promise.all(Array.from({ length: 20 }, () => finder.find()));
  assert.deepEqual(new Set(found.map(({ file }) => file)), new Set([python]));
  assert.equal(await readFile(asked, 'utf8'), 'once\n');
});
