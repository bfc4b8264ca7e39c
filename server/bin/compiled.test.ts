import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BUNDLED, PROGRAMS } from './compiled.mjs';

const server = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(server, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => /(?<!\.test)\.ts$/.test(file) && !/^(bench|test|console|cli\/test)\//.test(file));

test('every source that the server starts as a process or thread is compiled with the command', () => {
  const started = sources.flatMap((file) => {
    const text = readFileSync(path.join(server, file), 'utf8');
    const names = [...text.matchAll(/new URL\('(\.{1,2}\/[^']*\.ts)', import\.meta\.url\)/g)];
    return names.map(([, name]) => path.posix.join('server', path.posix.dirname(file), name!));
  });
  assert.deepEqual([...new Set(started)].sort(), PROGRAMS);
});

test('no package that is compiled in is imported when used: of a CommonJS one the bundle has no names then', () => {
  assert.ok(sources.length > 300);
  const late = sources.filter((file) =>
    [...readFileSync(path.join(server, file), 'utf8').matchAll(/\bimport\('([^'./][^']*)'\)/g)].some(([, name]) =>
      [...BUNDLED].some((one) => name === one || name!.startsWith(`${one}/`)),
    ),
  );
  assert.deepEqual(late, []);
});
