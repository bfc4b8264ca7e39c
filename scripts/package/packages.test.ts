import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { layOutClient } from './client.mjs';
import { pack, unpacked } from './npm.mjs';
import { layOutServer } from './server.mjs';
import { startServer, useClient, useMcp, useServer, versionOf } from './smoke.mjs';

let build: string;
let folder: string;
let files: string[];
let server: Awaited<ReturnType<typeof startServer>>;

before(async () => {
  build = await mkdtemp(path.join(tmpdir(), 'foleyd-pack-'));
  const [ofServer, ofClient] = [path.join(build, 'foleyd'), path.join(build, 'client')];
  await Promise.all([
    layOutServer(ofServer, { voice: 'models/fixtures/tiny' }),
    layOutClient(ofClient, { types: false }),
  ]);
  files = readdirSync(ofServer, { recursive: true, encoding: 'utf8' });
  folder = await unpacked(await Promise.all([pack(ofServer), pack(ofClient)]), ['ws']);
  // From here on nothing of the folder that they were laid out in is there.
  rmSync(build, { recursive: true });
  server = await startServer(folder, 'tiny');
});
after(async () => {
  assert.equal(await server.stop(), 0);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('the npm package has no tests and no TypeScript', () => {
  const unwanted = files.filter((file) => /\.(test\.\w+|ts|svelte|pyc)$|__pycache__|trainer.tests/.test(file));
  assert.deepEqual(unwanted, []);
  assert.ok(files.includes(path.join('models', 'trainer', 'foley_trainer', 'cli.py')));
});

test('the npm package serves, makes a clip and hands out its page, with nothing but what it names', async () => {
  assert.equal(await versionOf(folder), packageJson.version);
  const { page, script, wav } = await useServer(server.url);
  assert.deepEqual([page, script], [200, 200]);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
});

test('the client of the npm package gets sound and codes of errors from it', async () => {
  const { rate, samples, code } = await useClient(folder, server.url);
  assert.equal(code, 'unknown_class');
  assert.equal(rate, 22050);
  assert.ok(samples > 0);
});

test('foleyd mcp of the npm package answers its host', async () => {
  assert.equal(await useMcp(folder), 'foleyd');
});
