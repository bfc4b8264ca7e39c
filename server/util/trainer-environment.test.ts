import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { defaultDataDir } from './data-folder.ts';
import { trainerEnvironment } from './trainer-environment.ts';

test("the trainer's environment lies in a clone, and outside of a package that npm installed", () => {
  const clone = path.resolve('work', 'foleyd', 'models', 'trainer');
  assert.equal(trainerEnvironment(clone), path.join(clone, '.venv'));
  const installed = path.resolve('lib', 'node_modules', 'foleyd', 'models', 'trainer');
  const env = { XDG_DATA_HOME: path.resolve('home'), LOCALAPPDATA: path.resolve('home') };
  assert.equal(trainerEnvironment(installed, env), path.join(defaultDataDir(env), 'trainer', '.venv'));
});
