/** What one client sees of what others do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answer } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { newServer } from './support/server.ts';

test('a watcher hears jobs, hits and pools of others until it cancels, and learns no job’s id', async (t) => {
  const data = mkdtempSync(path.join(tmpdir(), 'foleyd-watch-'));
  const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
  const config = { data, models, voice: 'tiny', listen: false, logLevel: 'silent', output: 'none' } as const;
  const app = await createApp(resolveConfig(config, {}));
  t.after(async () => {
    await app.close();
    rmSync(data, { recursive: true });
  });
  const heard = { play: [] as Answer[], admin: [] as Answer[], hits: [] as Answer[] };
  const watchers = [app.connect(), app.connect('admin'), app.connect()] as const;
  const asked = [{}, {}, { jobs: false, pools: false }];
  for (const [i, list] of Object.values(heard).entries()) {
    watchers[i]!.onAnswer((answer) => list.push(answer));
    watchers[i]!.send({ id: 'w', cmd: 'server.watch', args: asked[i] });
  }
  let job = '';
  await app.connect().call('foley.generate', { class: 'Rain', count: 2 }, ({ event, data: given }) => {
    if (event === 'accepted') job = given.job as string;
  });
  await app.connect().call('trigger.map', { id: 'pad', class: 'Rain', ready: 1 });
  await app.connect().call('trigger.fire', { id: 'pad' });
  const jobs = (list: Answer[]) => list.filter(({ event }) => event === 'job').map(({ data: given }) => given);
  const rows = jobs(heard.admin).filter((told) => told.job === job && told.state === 'row');
  assert.equal(rows.length, 16);
  const states = jobs(heard.admin)
    .filter((told) => told.job === job && told.state !== 'row')
    .map(({ state }) => state);
  assert.deepEqual(states, ['queued', 'started', 'done']);
  assert.ok(!JSON.stringify(heard.play).includes(job));
  const alias = jobs(heard.play)[0]!.job;
  assert.equal(jobs(heard.play).filter((told) => told.job === alias && told.state === 'row').length, 16);
  assert.deepEqual(
    heard.hits.map(({ event }) => event),
    ['accepted', 'hit'],
  );
  assert.ok(heard.play.some(({ event }) => event === 'pool'));
  watchers[0].send({ id: 'c', cmd: 'foley.cancel', args: { request: 'w' } });
  while (heard.play.at(-1)?.id !== 'c' && !heard.play.some(({ event }) => event === 'failed'))
    await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual(
    heard.play.filter(({ event }) => event === 'failed').map(({ data: given }) => given.code),
    ['cancelled'],
  );
  const before = heard.play.length;
  await app.connect().call('foley.generate', { class: 'Rain' });
  assert.equal(heard.play.length, before);
});

test('clips of a map that is changed or removed while they are made end as cancelled, and are no fault', async (t) => {
  const { app, engine, log } = await newServer(t, { config: { output: 'none' } });
  engine.hold();
  const states: string[] = [];
  const watcher = app.connect();
  watcher.onAnswer(({ event, data: told }) => {
    if (event === 'job') states.push(told.state as string);
  });
  watcher.send({ id: 'w', cmd: 'server.watch', args: {} });
  const ended = async (count: number): Promise<void> => {
    while (states.filter((state) => state === 'cancelled' || state === 'failed').length < count)
      await new Promise(setImmediate);
  };
  const asked = async (count: number): Promise<void> => {
    while (states.filter((state) => state === 'queued').length < count) await new Promise(setImmediate);
  };
  const map = { id: 'pad', class: 'Rain', ready: 1 };
  await app.connect().call('trigger.map', map);
  await asked(1);
  await app.connect().call('trigger.map', { ...map, temperature: 0.5 });
  await asked(2);
  await ended(1);
  await app.connect().call('trigger.unmap', { id: 'pad' });
  await ended(2);
  assert.deepEqual(
    states.filter((state) => state !== 'queued' && state !== 'started'),
    ['cancelled', 'cancelled'],
  );
  assert.deepEqual(
    log().filter(({ code }) => code === 'internal'),
    [],
  );
});

test('a watcher that asks is first told the jobs that are open', async (t) => {
  const { app, engine } = await newServer(t, { config: { output: 'none' } });
  engine.hold();
  const admin = app.connect('admin');
  const job = await new Promise<string>((resolve) => {
    admin
      .call('foley.generate', { class: 'Rain', count: 5 }, ({ event, data: given }) => {
        if (event === 'accepted') resolve(given.job as string);
      })
      .catch(() => undefined);
  });
  const listed = async () => ((await admin.call('job.list', {})).jobs as { state: string; created: number }[])[0]!;
  while ((await listed()).state !== 'running') await new Promise(setImmediate);
  const { created } = await listed();
  const first = (role: 'play' | 'admin', args: object): Promise<Answer['data'][]> => {
    const client = app.connect(role);
    const heard: Answer['data'][] = [];
    return new Promise((resolve) => {
      client.onAnswer(({ id, event, data: told }) => {
        if (event === 'job') heard.push(told);
        if (id === 'p') resolve(heard);
      });
      client.send({ id: 'w', cmd: 'server.watch', args: { hits: false, pools: false, ...args } });
      client.send({ id: 'p', cmd: 'server.ping', args: {} });
    });
  };
  const told = [
    { job, state: 'queued', clips: 5, created, made: 0 },
    { job, state: 'started' },
  ];
  assert.deepEqual(await first('admin', { open: true }), told);
  const other = await first('play', { open: true });
  const alias = other[0]!.job;
  assert.notEqual(alias, job);
  assert.deepEqual(
    other,
    told.map((one) => ({ ...one, job: alias })),
  );
  assert.deepEqual(await first('admin', {}), []);
  assert.deepEqual(await first('admin', { open: true, jobs: false }), []);
  await admin.call('job.cancel', { job });
});
