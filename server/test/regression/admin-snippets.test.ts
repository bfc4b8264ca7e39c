/** The shell snippets of admin commands were answered with 403: none named the token, or where it is. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { newServer } from '../support/server.ts';

const text = readFileSync(new URL('../../../protocol/PROTOCOL.md', import.meta.url), 'utf8');
const skip = spawnSync('curl', ['--version']).status !== 0 && 'no curl';

test('a snippet of an admin command over HTTP works as it is written', { skip }, async (t) => {
  const { app, data } = await newServer(t);
  const secret = /`(SECRET=\$\(sed .*machine\.json\))`/.exec(text)?.[1];
  const snippet = /^curl .*\/v1\/trash\.empty$/m.exec(text)?.[0];
  assert.ok(secret !== undefined && snippet !== undefined);
  const here = secret.replace('~/.local/share/foleyd', path.resolve(data));
  const command = `${here}; ${snippet.replace('http://127.0.0.1:9247', app.urls.http ?? '')}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  assert.deepEqual(JSON.parse(stdout).data, { removed: 0, bytes: 0 });
});
