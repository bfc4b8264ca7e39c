/** A batch was lost with the server that had accepted it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jsonCodec } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { program } from '../../util/program.ts';
import { temporary } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

async function start(t: TestContext, data: string): Promise<{ app: App; child: ChildProcess }> {
  const flags = ['--models', path.join(root, 'models', 'fixtures'), '--voice', 'tiny', '--data', data];
  const { file, execArgv } = program(new URL('../../main.ts', import.meta.url));
  const child = spawn(process.execPath, [...execArgv, file, ...flags, '--port', '0', '--osc-port', '0'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface(child.stderr!)) {
    const said = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
    if (!/is listening$/.test(String(said.msg))) continue;
    child.stderr!.resume();
    return { child, app: { urls: { http: said.http, ws: said.ws, osc: said.osc } } as unknown as App };
  }
  throw new Error('the server ended first');
}

test('kill -9 in the middle of a batch: the next server finishes it, with each clip and each file once', {
  skip: process.platform === 'win32' && 'Windows has no signals',
}, async (t) => {
  const data = await temporary(t);
  const first = await start(t, data);
  const client = await connectWs(first.app, jsonCodec);
  const asked = client.ask('clip.batch', { rows: [{ class: 'Rain', seed: 5, count: 8 }], rate: 22_050 });
  const accepted = await asked.first('accepted');
  const job = String(accepted.data.job);
  // Some clips are there, and not all: the line's files follow when all its clips are made.
  const clips = async (): Promise<string[]> =>
    (await readdir(path.join(data, 'clips'))).filter((name) => name.endsWith('.wav'));
  while ((await clips()).length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const before = await clips();
  const second = await start(t, data);
  const again = await connectWs(second.app, jsonCodec);
  for (let state = ''; state !== 'done'; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { data: told } = await again.ask('job.list', { jobs: [job] }).end;
    [{ state }] = told.jobs as [{ state: string }];
    assert.ok(!['failed', 'cancelled'].includes(state), JSON.stringify(told));
  }
  const after = await clips();
  assert.deepEqual(
    before.filter((name) => !after.includes(name)),
    [],
  );
  const { data: listed } = await again.ask('clip.list', { limit: 500 }).end;
  const seeds = (listed.clips as { seed: number }[]).map(({ seed }) => seed).sort((a, b) => a - b);
  assert.deepEqual(seeds, [5, 6, 7, 8, 9, 10, 11, 12]);
  const files = (await readdir(path.join(data, 'exports'))).filter((name) => name.endsWith('.wav'));
  assert.equal(files.length, 8);
  const sheet = await readFile(path.join(data, 'exports', `batch_${job}.csv`), 'utf8');
  assert.equal(sheet.trim().split('\r\n').length, 9);
  await again.close();
});
