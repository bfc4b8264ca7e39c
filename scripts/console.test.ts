import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isStale } from './console.mjs';

test('the console is built when it is not there, or a source is newer', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'foleyd-stale-'));
  t.after(() => rmSync(root, { recursive: true }));
  const built = path.join(root, 'build');
  const write = (file: string, seconds: number) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    utimesSync(file, seconds, seconds);
  };
  const source = path.join(root, 'server', 'console', 'views', 'Play.svelte');
  write(source, 1000);
  assert.equal(isStale(root, built), true);
  write(path.join(built, 'index.html'), 2000);
  assert.equal(isStale(root, built), false);
  write(path.join(root, 'server', 'console', 'notes.txt'), 3000);
  assert.equal(isStale(root, built), false);
  write(path.join(root, 'protocol', 'client.ts'), 3000);
  assert.equal(isStale(root, built), true);
});
