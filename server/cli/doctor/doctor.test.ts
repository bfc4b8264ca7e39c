import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { workplace } from '../test/bin.ts';
import { check, fail, ok, verdict, warn } from './check.ts';
import { httpPort, oscPort } from './ports.ts';
import { dataFolder } from './system.ts';

/** Something that listens and answers every request with `body`. */
async function stranger(t: TestContext, body: string): Promise<number> {
  const server = http.createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a free port, a foleyd and a stranger are told apart', async (t) => {
  assert.equal((await httpPort('127.0.0.1', 0)).status, 'ok');
  const ours = await httpPort('127.0.0.1', await stranger(t, '{"name":"foleyd","version":"9.9.9"}'));
  assert.deepEqual([ours.status, ours.data?.state], ['ok', 'foleyd']);
  assert.match(ours.detail, /foleyd 9\.9\.9 is running there/);
  for (const body of ['{"name":"other","version":"1"}', 'null', '<html>']) {
    const theirs = await httpPort('127.0.0.1', await stranger(t, body));
    assert.deepEqual([theirs.status, theirs.code], ['warn', 'port_in_use'], body);
  }
});

test('an OSC port in use is ours only where foleyd runs', async (t) => {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const { port } = socket.address();
  assert.equal((await oscPort('127.0.0.1', port, false)).code, 'port_in_use');
  assert.equal((await oscPort('127.0.0.1', port, true)).status, 'ok');
  assert.equal((await oscPort('127.0.0.1', 0, false)).status, 'ok');
});

test('a data folder is made, and one that cannot be is a failure', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-doctor-'));
  t.after(() => rm(dir, { recursive: true }));
  assert.equal((await dataFolder(path.join(dir, 'new', 'folder'))).status, 'ok');
  await writeFile(path.join(dir, 'file'), '');
  const blocked = await dataFolder(path.join(dir, 'file', 'folder'));
  assert.deepEqual([blocked.status, blocked.code], ['fail', 'io_error']);
});

test('a look that throws is a failed check and the doctor goes on', async () => {
  const found = await check('broken', () => {
    throw new Error('no such device');
  });
  assert.deepEqual(found, { name: 'broken', status: 'fail', code: 'check_failed', detail: 'no such device' });
});

test('warnings leave it healthy and a failure does not', () => {
  const named = (name: string, finding: ReturnType<typeof ok>) => ({ name, ...finding });
  const well = [named('a', ok('x')), named('b', warn('no_midi', 'y'))];
  assert.deepEqual(verdict(well), { healthy: true, sentence: '1 ok, 1 warning, 0 failed' });
  assert.equal(verdict([...well, named('c', fail('io_error', 'z'))]).healthy, false);
});

test('a graph that is not the one on the card is found', async (t) => {
  const { dir, env, foleyd } = await workplace(t);
  const models = path.join(dir, 'models');
  await mkdir(models);
  await cp(path.join(env.FOLEYD_MODELS ?? '', 'tiny'), path.join(models, 'tiny'), { recursive: true });
  await appendFile(path.join(models, 'tiny', 'decoder.onnx'), 'x');
  const ran = await foleyd('doctor', '--models', models, '--port', '0', '--osc-port', '0');
  assert.equal(ran.code, 1, ran.stdout);
  assert.match(ran.stdout, /^FAIL {2}voice .*decoder\.onnx.*\[voice_corrupt\]$/m);
  assert.match(ran.stdout, /^FAIL {2}engine .*not started, since no voice can be loaded \[engine_unavailable\]$/m);
});
