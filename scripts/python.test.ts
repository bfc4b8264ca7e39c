import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DEVELOPERS, findPython, prepare } from './python.mjs';

const python = await findPython();
const skip = 'why' in python ? python.why : false;

test('an environment is made once, holds what users need as well, and is made again when a list changes', {
  skip,
}, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-python-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const requirements = path.join(folder, 'requirements.txt');
  writeFileSync(requirements, '# nothing\n');
  writeFileSync(path.join(folder, DEVELOPERS), '-r requirements.txt\n# nothing besides\n');
  const first = await prepare(folder, 'making an empty environment', DEVELOPERS);
  assert.ok('python' in first, JSON.stringify(first));
  const made = statSync(first.python).birthtimeMs;
  assert.deepEqual(await prepare(folder, 'again', DEVELOPERS), first);
  assert.deepEqual(await prepare(folder, 'for users'), first);
  assert.equal(statSync(path.join(folder, '.venv', 'pyvenv.cfg')).isFile(), true);
  assert.equal(statSync(first.python).birthtimeMs, made);

  // A list counts with what it includes.
  writeFileSync(requirements, './no-such-package\n');
  const broken = await prepare(folder, 'installing what is not there', DEVELOPERS);
  assert.ok('why' in broken);
  assert.match(broken.why, /pip failed \(1\)[\s\S]*no-such-package/);
  assert.equal(existsSync(path.join(folder, '.venv', 'foleyd-stamp')), false);
});

test('a Python that was named and is not there is said by name', async (t) => {
  const before = process.env.FOLEYD_PYTHON;
  t.after(() => {
    if (before === undefined) delete process.env.FOLEYD_PYTHON;
    else process.env.FOLEYD_PYTHON = before;
  });
  process.env.FOLEYD_PYTHON = 'no-such-python';
  const found = await findPython();
  assert.ok('why' in found);
  assert.match(found.why, /no Python 3\.10 or newer \(no-such-python: not found\)/);
});
