import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from './bootstrap.mjs';
import { deadLinks } from './package/documents.mjs';

const tracked = spawnSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim().split('\n');
const sources = tracked.filter((file) => /\.(ts|mjs|svelte)$/.test(file) && existsSync(path.join(ROOT, file)));
const pages = tracked.filter((file) => file.endsWith('.md') && existsSync(path.join(ROOT, file)));
/** Pages that say what each part of their folder is for. */
const ROOMS = [
  ...['examples/plugin/core', 'protocol', 'server/audio', 'server/cli', 'server/engine', 'server/generation'],
  ...['server/handlers', 'server/network', 'server/playback', 'server/util'],
];

test('every link of every page leads to a file', { skip: tracked.length < 2 && 'no repository of git' }, () => {
  assert.ok(pages.includes('README.md'));
  const dead = pages.flatMap((page) => deadLinks(path.join(ROOT, page)).map((link) => `${page}: ${link}`));
  assert.deepEqual(dead, []);
});

test('what a README of a room names is in the room', () => {
  for (const room of ROOMS) {
    const text = readFileSync(path.join(ROOT, room, 'README.md'), 'utf8');
    const named = [...text.matchAll(/`([\w./-]+(?:\.(?:ts|mjs|hpp|json)|\/))`/g)].map(([, name = '']) => name);
    assert.ok(named.length > 4, room);
    const missing = named.filter(
      (name) => ![room, '.', `${room}/..`].some((at) => existsSync(path.join(ROOT, at, name))),
    );
    assert.deepEqual(missing, [], room);
  }
});

// Biome's rule for this (scripts/lint) reads neither components nor literals in parentheses.
test('no source spreads an object literal, which would switch off the check for unknown properties', () => {
  assert.ok(tracked.length < 2 || sources.some((file) => file.endsWith('.svelte')));
  const spread = sources.filter((file) => /\.{3}\(?\{/.test(readFileSync(path.join(ROOT, file), 'utf8')));
  assert.deepEqual(spread, []);
});
