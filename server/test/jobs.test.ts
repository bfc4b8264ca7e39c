/** Jobs that a restart does not end, and what can be done with a job of the queue. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Answer } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { ScriptedEngine } from './support/engine.ts';
import { connectInProcess } from './support/memory-client.ts';
import { memoryLog, newServer, temporary } from './support/server.ts';
import { writeVoice } from './support/voice.ts';

type Told = {
  job: string;
  state: string;
  made: number;
  clips: number;
  own: boolean;
  lasting: boolean;
  message: string | null;
};

/** Servers one after the other on one data folder. */
async function restartable(t: TestContext) {
  const root = await temporary(t);
  const [data, models] = [path.join(root, 'data'), path.join(root, 'models')];
  await writeVoice(models, 'default');
  const start = async () => {
    const engine = new ScriptedEngine({ turnsPerRow: 1 });
    const { log, lines } = memoryLog();
    const limits = { drainMs: 0 };
    const app = await createApp(resolveConfig({ port: 0, oscPort: 0, data, models, limits }, {}), { engine, log });
    let closed = false;
    const stop = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      engine.release();
      await app.close();
    };
    t.after(stop);
    await app.ready;
    return { app, engine, stop, lines };
  };
  return { data, start };
}

const list = async (app: App, jobs: string[] = [], role: 'play' | 'admin' = 'admin'): Promise<Told[]> =>
  (await app.connect(role).call('job.list', { jobs })).jobs as Told[];

/** Resolves when the job has ended. */
async function ended(app: App, job: string): Promise<Told> {
  for (;;) {
    const found = (await list(app)).find((one) => one.job === job);
    if (found !== undefined && ['done', 'failed', 'cancelled'].includes(found.state)) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const seedsOf = async (app: App): Promise<number[]> => {
  const { clips } = await app.connect().call('clip.list', { limit: 500 });
  return (clips as { seed: number }[]).map(({ seed }) => seed).sort((a, b) => a - b);
};

test('a kept job goes on after a restart: each of its clips is made once, and who comes back is told', async (t) => {
  const { data, start } = await restartable(t);
  const first = await start();
  const asked = connectInProcess(first.app).ask('foley.generate', {
    class: 'Rain',
    seed: 10,
    count: 12,
    save: true,
    keep: true,
    audio: false,
  });
  const job = (await asked.first('accepted')).data.job as string;
  while ((await list(first.app)).every(({ made }) => made < 4)) await new Promise((resolve) => setImmediate(resolve));
  await first.stop();
  assert.deepEqual([(await asked.end).event, (await asked.end).data.code], ['failed', 'shutting_down']);
  const second = await start();
  const heard: Answer[] = [];
  const done = await second.app.connect().call('foley.attach', { job }, (answer) => heard.push(answer));
  const seeds = Array.from({ length: 12 }, (_, i) => 10 + i);
  assert.deepEqual(
    (done.clips as { index: number; seed: number }[]).map(({ index, seed }) => [index, seed]),
    seeds.map((seed, i) => [i, seed]),
  );
  assert.equal(heard[0]!.event, 'accepted');
  assert.deepEqual(await seedsOf(second.app), seeds);
  assert.ok(second.engine.begun.length <= 8, `${second.engine.begun.length} clips were made again`);
  assert.equal((await ended(second.app, job)).state, 'done');
  await second.stop();
  assert.deepEqual(await readdir(path.join(data, 'jobs')), ['runs.json']);
});

test('a live job ends with the server, and who asks for it afterwards is told why', async (t) => {
  const { start } = await restartable(t);
  const first = await start();
  first.engine.hold();
  const asked = connectInProcess(first.app).ask('foley.generate', { class: 'Rain' });
  const job = (await asked.first('accepted')).data.job as string;
  await first.stop();
  const second = await start();
  await assert.rejects(second.app.connect().call('foley.attach', { job }), { code: 'restarted' });
  await assert.rejects(second.app.connect().call('foley.attach', { job: 'f'.repeat(16) }), {
    code: /unknown_job|restarted/,
  });
  assert.deepEqual(await list(second.app), []);
  assert.deepEqual(second.engine.begun, []);
});

test('a batch goes on after a restart: each file is written once, and its sheet names all of them', async (t) => {
  const { data, start } = await restartable(t);
  const first = await start();
  const client = connectInProcess(first.app);
  const asked = client.ask('clip.batch', {
    rows: [
      { class: 'Rain', seed: 1, count: 3 },
      { class: 'DogBark', count: 1 },
    ],
  });
  const job = (await asked.first('accepted')).data.job as string;
  await asked.first('file');
  await first.stop();
  assert.equal((await asked.end).event, 'failed');
  const before = (await readdir(path.join(data, 'exports'))).filter((name) => name.endsWith('.wav'));
  assert.ok(before.length > 0 && before.length < 4, `${before.length} files were written`);
  const second = await start();
  assert.deepEqual([(await ended(second.app, job)).state, (await list(second.app))[0]!.made], ['done', 4]);
  const files = await readdir(path.join(data, 'exports'));
  assert.equal(files.filter((name) => name.endsWith('.wav')).length, 4);
  assert.equal((await seedsOf(second.app)).length, 4);
  const sheet = await readFile(path.join(data, 'exports', `batch_${job}.csv`), 'utf8');
  assert.equal(sheet.trim().split('\r\n').length, 5);
});

test('what was paused before a restart waits after it, and goes on when it is told to', async (t) => {
  const { start } = await restartable(t);
  const first = await start();
  first.engine.hold();
  const client = connectInProcess(first.app);
  const order = { class: 'Rain', count: 3, save: true, keep: true, audio: false };
  const kept = (await client.ask('foley.generate', { ...order, seed: 10 }).first('accepted')).data.job as string;
  const rows = [{ class: 'Rain', seed: 20, count: 2 }];
  const batch = (await client.ask('clip.batch', { rows }).first('accepted')).data.job as string;
  for (const job of [kept, batch])
    assert.deepEqual((await client.ask('job.pause', { job }).end).data, { job, changed: true });
  await first.stop();
  const second = await start();
  const states = new Map((await list(second.app)).map(({ job, state }) => [job, state]));
  assert.deepEqual([states.size, states.get(kept), states.get(batch)], [2, 'paused', 'paused']);
  assert.deepEqual(second.engine.begun, []);
  for (const job of [kept, batch]) await second.app.connect().call('job.resume', { job });
  for (const job of [kept, batch]) assert.equal((await ended(second.app, job)).state, 'done');
  assert.deepEqual(await seedsOf(second.app), [10, 11, 12, 20, 21]);
});

test('who attaches to a batch that goes on after a restart is not told that the restart ended it', async (t) => {
  const { start } = await restartable(t);
  const first = await start();
  first.engine.hold();
  const rows = [{ class: 'Rain', seed: 1, count: 2 }];
  const asked = connectInProcess(first.app).ask('clip.batch', { rows });
  const job = (await asked.first('accepted')).data.job as string;
  await connectInProcess(first.app).ask('job.pause', { job }).end;
  await first.stop();
  const { app } = await start();
  const attached = app.connect().call('foley.attach', { job });
  await assert.rejects(attached, { code: 'unknown_job', message: /is a batch.*job\.list/ });
  await app.connect().call('job.resume', { job });
  assert.deepEqual([(await ended(app, job)).state, await seedsOf(app)], ['done', [1, 2]]);
});

test('who pauses a line of a batch, as an admin hears of it, pauses the batch', async (t) => {
  const { app, engine } = await newServer(t);
  const lines: string[] = [];
  const watcher = app.connect('admin');
  watcher.onAnswer(({ event, data }) => {
    if (event === 'job') lines.push(String(data.job));
  });
  watcher.send({ id: 'w', cmd: 'server.watch', args: {} });
  engine.hold();
  const asked = connectInProcess(app).ask('clip.batch', { rows: [{ class: 'Rain', count: 2 }] });
  const batch = (await asked.first('accepted')).data.job as string;
  while (engine.begun.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [line] = lines;
  assert.notEqual(line, batch);
  const admin = app.connect('admin');
  assert.deepEqual(await admin.call('job.pause', { job: line! }), { job: line, changed: true });
  assert.deepEqual(
    (await list(app)).map(({ job, state }) => [job, state]),
    [[batch, 'paused']],
  );
  assert.deepEqual(await admin.call('job.resume', { job: batch }), { job: batch, changed: true });
  engine.release();
  assert.equal((await asked.end).data.files, 2);
});

test('a batch that is paused while its clip is made has the file of it, and keeps no server from ending', async (t) => {
  const { app, engine, data } = await newServer(t, { config: { limits: { drainMs: 600_000 } } });
  engine.hold();
  const asked = connectInProcess(app).ask('clip.batch', { rows: [{ class: 'Rain', count: 2 }] });
  const job = (await asked.first('accepted')).data.job as string;
  while (engine.begun.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await app.connect().call('job.pause', { job });
  engine.release();
  await asked.first('file');
  await app.close();
  assert.equal((await asked.end).data.code, 'shutting_down');
  const files = (await readdir(path.join(data, 'exports'))).filter((name) => name.endsWith('.wav'));
  assert.equal(files.length, 1);
});

test('a job whose record makes no sense is set aside, and one that is never got on with is given up', async (t) => {
  const { data, start } = await restartable(t);
  const dir = path.join(data, 'jobs');
  await mkdir(dir, { recursive: true });
  const record = {
    format: 'foleyd-job',
    version: 1,
    cmd: 'foley.generate',
    created: 1,
    paused: false,
    made: 0,
    order: {},
  };
  await writeFile(path.join(dir, `${'a'.repeat(16)}.json`), '{"format":');
  await writeFile(
    path.join(dir, `${'b'.repeat(16)}.json`),
    JSON.stringify({ ...record, job: 'b'.repeat(16), tries: 3 }),
  );
  await writeFile(
    path.join(dir, `${'c'.repeat(16)}.json`),
    JSON.stringify({ ...record, job: 'c'.repeat(16), tries: 0 }),
  );
  await writeFile(path.join(dir, `${'d'.repeat(16)}.log`), '{}\n');
  const { app } = await start();
  const found = await list(app);
  assert.deepEqual(
    found.map(({ job, state }) => [job, state]),
    [['c'.repeat(16), 'failed']],
  );
  const left = await readdir(dir);
  assert.deepEqual(left.sort(), [`${'a'.repeat(16)}.json.broken`, `${'b'.repeat(16)}.json.broken`, 'runs.json']);
});

test('a client sees and moves its own jobs, an admin all; who knows an id may pause, resume and cancel', async (t) => {
  const { app, engine } = await newServer(t, { engine: { slots: 1 } });
  const clients = [0, 1].map(() => connectInProcess(app));
  engine.hold();
  const ask = async (client: number, seed: number): Promise<string> => {
    const asked = clients[client]!.ask('foley.generate', { class: 'Rain', seed });
    return (await asked.first('accepted')).data.job as string;
  };
  const ids = [await ask(0, 1), await ask(0, 2), await ask(0, 3), await ask(1, 4)];
  const own = (await clients[1]!.ask('job.list').end).data.jobs as Told[];
  assert.deepEqual(
    own.map(({ job, own: mine, state }) => [job, mine, state]),
    [[ids[3], true, 'queued']],
  );
  assert.deepEqual(
    (await list(app, [ids[1]!], 'play')).map(({ job, own: mine }) => [job, mine]),
    [[ids[1], false]],
  );
  assert.equal((await list(app)).length, 4);
  const change = async (cmd: string, job: string, client = clients[0]!): Promise<unknown> =>
    (await client.ask(cmd, { job }).end).data.changed;
  assert.deepEqual([await change('job.pause', ids[1]!), await change('job.pause', ids[1]!)], [true, false]);
  assert.equal((await list(app)).find(({ job }) => job === ids[1])!.state, 'paused');
  await app.connect('admin').call('job.move', { job: ids[2]! });
  assert.equal((await clients[0]!.ask('job.move', { job: '0'.repeat(16) }).end).data.code, 'unknown_job');
  engine.release();
  while ((await list(app)).length > 1) await new Promise((resolve) => setTimeout(resolve, 2));
  // The paused one waits; of the others the one that an admin moved goes first.
  assert.deepEqual(engine.begun, [1, 3, 4]);
  assert.equal(await change('job.resume', ids[1]!), true);
  while ((await list(app)).length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.deepEqual(engine.begun, [1, 3, 4, 2]);
  engine.hold();
  const last = await ask(0, 5);
  assert.deepEqual([await change('job.cancel', last), await change('job.cancel', last)], [true, false]);
});
