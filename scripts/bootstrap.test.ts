import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { missingPackages, nodeTooOld, runQuietly } from './bootstrap.mjs';

/** A checkout whose lock wants `a`, `b` (tests only) and `c` (another platform), with what `held` says installed. */
function checkout(t: TestContext, held: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'foleyd-lock-'));
  t.after(() => rmSync(root, { recursive: true }));
  const packages = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', dev: true },
    'node_modules/c': { version: '3.0.0', optional: true },
  };
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify({ packages }));
  const there: Record<string, { version: string }> = {};
  for (const [name, version] of Object.entries(held)) {
    there[`node_modules/${name}`] = { version };
    mkdirSync(path.join(root, 'node_modules', name), { recursive: true });
    writeFileSync(path.join(root, 'node_modules', name, 'package.json'), '{}');
  }
  if (Object.keys(held).length > 0) {
    writeFileSync(path.join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: there }));
  }
  return root;
}

test('a fresh clone misses everything but what other platforms need', (t) => {
  assert.deepEqual(missingPackages(checkout(t, {}), { dev: true }), ['a', 'b']);
});

test('starting does without what only tests need', (t) => {
  const root = checkout(t, { a: '1.0.0' });
  assert.deepEqual(missingPackages(root, { dev: false }), []);
  assert.deepEqual(missingPackages(root, { dev: true }), ['b']);
});

test('a lock that moved on asks for an install', (t) => {
  assert.deepEqual(missingPackages(checkout(t, { a: '0.9.0', b: '2.0.0' }), { dev: true }), ['a']);
});

test('a folder that somebody deleted is missing although npm remembers it', (t) => {
  const root = checkout(t, { a: '1.0.0', b: '2.0.0' });
  rmSync(path.join(root, 'node_modules', 'a'), { recursive: true });
  assert.deepEqual(missingPackages(root, { dev: true }), ['a']);
});

test('an old Node is told so and a new one is not', () => {
  assert.match(nodeTooOld('18.20.1') ?? '', /needs Node 20 or newer and this is 18\.20\.1/);
  assert.equal(nodeTooOld('20.0.0'), null);
  assert.equal(nodeTooOld('24.1.0'), null);
});

test('a program that is not there gives 127 and its name', async () => {
  const { code, output } = await runQuietly('no-such-program-of-foleyd', []);
  assert.equal(code, 127);
  assert.match(output, /no-such-program-of-foleyd/);
});
