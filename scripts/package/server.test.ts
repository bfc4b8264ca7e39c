import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { pack, unpacked } from './npm.mjs';
import { layOutServer } from './server.mjs';
import { smokeServer } from './smoke.mjs';

test('the npm package serves, makes a clip and hands out its page, with nothing but what it names', async (t) => {
  const build = await mkdtemp(path.join(tmpdir(), 'foleyd-pack-'));
  t.after(() => rmSync(build, { recursive: true, force: true }));
  const laid = path.join(build, 'foleyd');
  await layOutServer(laid, { voice: 'models/fixtures/tiny' });
  const files = readdirSync(laid, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    files.filter((file) => /\.(test\.\w+|ts|svelte|pyc)$|__pycache__|trainer\/tests/.test(file)),
    [],
  );
  const folder = await unpacked([await pack(laid)]);
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  // From here on nothing of the folder that it was laid out in is there.
  rmSync(laid, { recursive: true });
  const { version, serverVersion, page, script, wav } = await smokeServer(folder, 'tiny');
  assert.equal(version, packageJson.version);
  assert.equal(serverVersion, packageJson.version);
  assert.deepEqual([page, script], [200, 200]);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  assert.ok(existsSync(path.join(folder, 'data', 'clips')), 'it keeps its data where it is told');
});
