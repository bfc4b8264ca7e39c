import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROGRAMS } from './compiled.mjs';

const server = fileURLToPath(new URL('..', import.meta.url));

test('every source that the server starts as a process or thread is compiled with the command', () => {
  const started = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !/^(bench|test|console|cli\/test)\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(path.join(server, file), 'utf8');
      const names = [...text.matchAll(/new URL\('(\.{1,2}\/[^']*\.ts)', import\.meta\.url\)/g)];
      return names.map(([, name]) => path.posix.join('server', path.posix.dirname(file), name!));
    });
  assert.deepEqual([...new Set(started)].sort(), PROGRAMS);
});
