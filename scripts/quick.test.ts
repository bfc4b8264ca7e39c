import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from './bootstrap.mjs';
import { isQuick, SLOW } from './quick.mjs';

test('what --quick leaves out is there, and is named by file or by folder', () => {
  for (const [place, why] of SLOW) {
    assert.ok(existsSync(path.join(ROOT, place)), place);
    assert.notEqual(why, '');
  }
  assert.equal(isQuick('server/cli/index.test.ts'), false);
  assert.equal(isQuick('scripts\\python.test.ts'), false);
  assert.equal(isQuick('server/cli-start.test.ts'), true);
  assert.equal(isQuick('protocol/args.test.ts'), true);
});
