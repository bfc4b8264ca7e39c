/** One process at a time changes what is in a data folder; others may read it, and make clips. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { type App, createApp } from '../../app.ts';
import { type Config, resolveConfig } from '../../config.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { memoryLog, newServer, type TestServer, temporary } from '../support/server.ts';

const settings = ({ models, data }: TestServer, listen: boolean): Config =>
  resolveConfig({ port: 0, oscPort: 0, models, data, listen, limits: { drainMs: 0, clips: 1 } }, {});

/** What the CLI runs where it asks no server. */
async function localSession(t: TestContext, server: TestServer): Promise<App> {
  const app = await createApp(settings(server, false), {
    engine: new ScriptedEngine(),
    log: memoryLog().log,
    onDemand: true,
  });
  t.after(() => app.close());
  return app;
}

test('a second server on a data folder is refused and says who has it, until the first is closed', async (t) => {
  const first = await newServer(t);
  const parts = { engine: new ScriptedEngine(), log: memoryLog().log };
  const record = await readFile(path.join(first.data, 'machine.json'), 'utf8');
  await assert.rejects(createApp(settings(first, true), parts), (error: { code?: string; message: string }) => {
    assert.equal(error.code, 'data_in_use');
    assert.ok(
      error.message.includes(`process ${process.pid}, http://127.0.0.1:${first.app.ports.http}`),
      error.message,
    );
    return true;
  });
  assert.equal(await readFile(path.join(first.data, 'machine.json'), 'utf8'), record);
  await first.app.close();
  const second = await createApp(settings(first, true), parts);
  await second.close();
});

test('beside a server, a process without ports reads and makes clips, and removes nothing', async (t) => {
  const server = await newServer(t);
  const { data } = server;
  // Afterwards the server takes up no training that it finds.
  await server.app.connect('admin').call('admin.jobs', {});
  const halfMade = path.join(data, 'datasets', '.roosters-12345678');
  mkdirSync(halfMade, { recursive: true });
  const job = path.join(data, 'training', '0123456789abcdef');
  mkdirSync(job, { recursive: true });
  const at = Date.now();
  const order = { voice: 'new', name: 'new', datasets: [], base: null };
  // The last line is being written.
  const log = `${JSON.stringify({ type: 'order', at, order })}\n${JSON.stringify({ type: 'state', at, state: 'running' })}\n{"ty`;
  writeFileSync(path.join(job, 'job.jsonl'), log);
  writeFileSync(path.join(data, 'clips', '0123456789abcdef.json'), '{"format":"foleyd-clip","version":1}');
  writeFileSync(path.join(data, 'clips', '.0123456789abcdef-1234.tmp'), 'half a clip');
  const owners = (): string[] => readdirSync(data).filter((name) => name.startsWith('owner-'));
  const before = owners();

  const admin = (await localSession(t, server)).connect('admin');
  assert.deepEqual((await admin.call('dataset.list', {})).datasets, []);
  const { jobs } = (await admin.call('admin.jobs', {})) as { jobs: { state: string }[] };
  assert.deepEqual(
    jobs.map(({ state }) => state),
    ['running'],
  );
  for (const seed of [1, 2]) await admin.call('foley.generate', { class: 'Rain', seed, save: true });
  for (const [cmd, args] of [
    ['dataset.remove', { dataset: 'roosters' }],
    ['admin.cancel', { job: '0123456789abcdef' }],
    ['trigger.map', { id: 'pad', class: 'Rain' }],
    ['admin.activate', { voice: 'default' }],
  ] as const)
    await assert.rejects(admin.call(cmd, args), { code: 'data_in_use' }, cmd);

  assert.ok(existsSync(halfMade), 'the data set that the server makes is there');
  assert.equal(await readFile(path.join(job, 'job.jsonl'), 'utf8'), log);
  const clips = readdirSync(path.join(data, 'clips'));
  assert.equal(clips.filter((name) => name.endsWith('.wav')).length, 2, "its bound of one clip is not the server's");
  assert.ok(clips.includes('0123456789abcdef.json') && clips.includes('.0123456789abcdef-1234.tmp'), String(clips));
  assert.deepEqual(owners(), before);
});

test('without a server, a process becomes the owner for the command that needs it', async (t) => {
  const server = await newServer(t);
  await server.app.close();
  const app = await localSession(t, server);
  const admin = app.connect('admin');
  await assert.rejects(admin.call('dataset.remove', { dataset: 'none' }), { code: 'unknown_dataset' });
  await assert.rejects(createApp(settings(server, true), { engine: new ScriptedEngine(), log: memoryLog().log }), {
    code: 'data_in_use',
  });
  await app.close();
});

test('a data folder that is a file is refused in words', async (t) => {
  const dir = await temporary(t);
  const file = path.join(dir, 'data');
  writeFileSync(file, 'mine');
  for (const data of [file, path.join(file, 'below')]) {
    const config = resolveConfig({ port: 0, oscPort: 0, models: dir, data, listen: false }, {});
    await assert.rejects(createApp(config, { engine: new ScriptedEngine(), log: memoryLog().log }), {
      code: 'io_error',
      message: /^the data folder .* cannot be made: there is a file .*--data/,
    });
  }
});
