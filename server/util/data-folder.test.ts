import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { defaultDataDir } from './data-folder.ts';

test('each system has its own data folder', () => {
  assert.ok(defaultDataDir({ XDG_DATA_HOME: '/x' }, 'linux').endsWith(path.join('x', 'foleyd')));
  assert.ok(defaultDataDir({ XDG_DATA_HOME: 'relative' }, 'linux').includes('.local'));
  assert.ok(defaultDataDir({}, 'darwin').includes('Application Support'));
  assert.ok(defaultDataDir({ LOCALAPPDATA: 'L' }, 'win32').startsWith('L'));
});
