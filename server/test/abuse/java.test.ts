/** java.net.http, which many tools and hosts speak with, doing what it does by itself and what it may be made to do. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { besideAnother } from '../support/bystander.ts';
import { newServer } from '../support/server.ts';

const source = fileURLToPath(new URL('../support/JavaClient.java', import.meta.url));
const java = spawnSync('java', ['--version'], { encoding: 'utf8' });
const ADMIN = 'admins-secret';
/** Longer than any run takes on a busy machine. */
const PATIENCE_MS = 600_000;

test('java.net.http is answered as it should be, and what it leaves half done leaves nothing behind', {
  skip: (java.error !== undefined || java.status !== 0) && 'java is not installed',
}, async (t) => {
  const server = await newServer(t, { config: { adminToken: ADMIN } });
  const { stdout } = await besideAnother(server, () =>
    promisify(execFile)('java', [source, server.app.urls.http ?? '', ADMIN], { timeout: PATIENCE_MS }),
  );
  const came = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/: (.*)/).slice(0, 2)),
  );
  assert.deepEqual(came, {
    h2c: 'HTTP_1_1 200 done',
    again: 'HTTP_1_1 200 done',
    generate: 'HTTP_1_1 200 done',
    continue: 'HTTP_1_1 200 done',
    'h2c continue': 'HTTP_1_1 200 done',
    'continue refused': '401',
    chunks: 'HTTP_1_1 200 done',
    upload: 'HTTP_1_1 400 failed bad_voice',
    'upload, continue': 'HTTP_1_1 400 failed bad_voice',
    'upload, forbidden': 'HTTP_1_1 403 failed forbidden',
    'torn upload': 'gone',
    'torn post': 'gone',
    'half-closed': '200 z',
    'half-closed in the middle': '400',
    'half-closed in a chunk': '400',
    pipelined: '200 a 200 b 200 c 200 d 200 e 200 f',
    pieces: 'foley.v1.json accepted row done pong 100 closed 1000',
    binary: 'failed malformed',
    aborted: 'aborted true',
    'after all': 'HTTP_1_1 200 done',
  });
  // What was torn is gone by the time that another import may begin.
  assert.deepEqual(readdirSync(path.join(server.data, 'voices')), []);
});
