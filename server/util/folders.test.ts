import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { isWithin } from './folders.ts';

test('a folder holds itself and what is in it, and no folder whose name begins alike', () => {
  const folder = path.resolve('voices', 'mine');
  const root = path.parse(folder).root;
  for (const place of [folder, path.join(folder, 'base')]) assert.ok(isWithin(folder, place), place);
  for (const place of [`${folder}2`, path.dirname(folder), root]) assert.ok(!isWithin(folder, place), place);
  assert.ok(isWithin(root, folder));
});
