import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import packageJson from '../package.json' with { type: 'json' };
import { ROOT } from './bootstrap.mjs';

const text = readFileSync(path.join(ROOT, '.github/workflows/ci.yml'), 'utf8');

test('the public CI runs commands that package.json has, on every system and version of Node that is promised', () => {
  const commands = [...text.matchAll(/run: npm (run )?([\w-]+)/g)].map(([, , name = '']) => name);
  assert.deepEqual([...new Set(commands)].sort(), ['ci', 'package', 'plugin', 'test']);
  for (const name of commands.filter((one) => one !== 'ci')) assert.ok(name in packageJson.scripts, name);
  const [, oldest = ''] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? [];
  assert.match(text, new RegExp(`node: \\[${oldest}, 22, 24\\]`));
  assert.match(text, /os: \[ubuntu-latest, macos-latest, windows-latest\]/);
});
