/** Files made of clips: one by one, many as one job, and by themselves. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, checkEvent, jsonCodec } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { readFlacComments } from '../audio/flac.ts';
import { readRecipe } from '../audio/recipe.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { readCsv } from './support/csv.ts';
import { ScriptedEngine } from './support/engine.ts';
import { failed } from './support/failed.ts';
import { connectOsc } from './support/osc-client.ts';
import { memoryLog, newServer, type TestServer, type TestServerOptions, temporary } from './support/server.ts';
import { connectWs } from './support/ws-client.ts';

interface Setup {
  server: TestServer;
  dir: string;
  call: (
    cmd: string,
    args?: Record<string, unknown>,
    on?: (answer: Answer) => void,
  ) => Promise<Record<string, unknown>>;
  clips: (count: number, args?: Record<string, unknown>) => Promise<string[]>;
}

async function setup(t: TestContext, options: TestServerOptions = {}): Promise<Setup> {
  const dir = path.join(await temporary(t), 'deliver');
  const server = await newServer(t, { ...options, config: { oscPort: null, deliver: dir, ...options.config } });
  const { call, clips } = asking(server.app);
  // A folder alone is filled with everything; these tests say themselves what they want.
  await call('deliver.set', { on: false });
  return { server, dir, call, clips };
}

function asking(app: TestServer['app']): Pick<Setup, 'call' | 'clips'> {
  const client = app.connect('admin');
  const call: Setup['call'] = (cmd, args = {}, on) => client.call(cmd as 'clip.batch', args, on);
  const clips: Setup['clips'] = async (count, args = {}) => {
    const done = await call('foley.generate', { class: 'Rain', seed: 1, count, save: true, ...args });
    return (done.clips as { clip: string }[]).map(({ clip }) => clip);
  };
  return { call, clips };
}

/** What is in a folder for whoever watches it: what is still being written begins with a dot. */
const names = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => !name.startsWith('.'))
        .sort()
    : [];

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await what()) return;
    await sleep(10);
  }
  throw new Error('it did not happen');
}

test('a clip is sent as bytes, or written where its owner wants it', async (t) => {
  const { call, clips, server, dir } = await setup(t);
  const [clip] = await clips(1);
  const sent = await call('clip.export', { clip, to: 'bytes', format: 'flac', bits: 16 });
  assert.equal(checkEvent('clip.export', 'done', sent), null);
  assert.deepEqual([sent.name, sent.path], ['RAIN_Rain_FOLEYD_NONE_s1.flac', null]);
  assert.equal(readRecipe(readFlacComments(sent.content as Uint8Array)!.get('FOLEYD')!)!.seed, 1);
  const put = await call('clip.export', { clip, to: 'delivery', folder: 'day 1', creator: 'JD', source: 'SHOW' });
  assert.equal(put.path, path.join(dir, 'day 1', 'RAIN_Rain_JD_SHOW_s1.wav'));
  assert.equal(readFileSync(String(put.path)).length, put.bytes);
  const own = await call('clip.export', { clip });
  assert.equal(path.dirname(String(own.path)), path.join(server.data, 'exports'));
  for (const [args, code] of [
    [{ format: 'flac', bits: 32 }, 'bad_args'],
    [{ pan: 0.5 }, 'bad_args'],
    [{ folder: 'x' }, 'bad_args'],
    [{ to: 'delivery', folder: '../x' }, 'bad_args'],
    [{ to: 'delivery', name: '../x' }, 'bad_args'],
    [{ catId: 'dog' }, 'bad_args'],
    [{ bits: 20 }, 'bad_args'],
  ] as const)
    await assert.rejects(call('clip.export', { clip, ...args }), failed(code), JSON.stringify(args));
});

test('over HTTP and in JSON the bytes of a file are base64, over OSC a path', async (t) => {
  const { call, clips, server } = await setup(t, { config: { oscPort: 0 } });
  const [clip] = await clips(1);
  const { content } = await call('clip.export', { clip, to: 'bytes' });
  const own = Buffer.from(content as Uint8Array);
  const body = JSON.stringify({ clip, to: 'bytes' });
  const answer = await fetch(`${server.app.urls.http}/v1/clip.export`, { method: 'POST', body });
  const { data } = (await answer.json()) as { data: { content: string } };
  assert.ok(Buffer.from(data.content, 'base64').equals(own), 'over HTTP');
  const ws = await connectWs(server.app, jsonCodec);
  t.after(() => ws.close());
  const told = await ws.ask('clip.export', { clip, to: 'bytes' }).end;
  assert.ok(own.equals(told.data.content as Uint8Array), 'over WebSocket');
  const osc = await connectOsc(server.app);
  t.after(() => osc.close());
  const written = await osc.ask('clip.export', { clip, format: 'flac', bits: 16, timeReference: '48000' }).end;
  assert.match(String(written.data.path), /RAIN_Rain_FOLEYD_NONE_s1\.flac$/);
  osc.send('/foley/delivery');
  const { args } = await osc.message(({ address }) => address === '/foley/delivery');
  assert.deepEqual(args, [0, '', 0, 0]);
});

test('without a folder that the owner named nothing is delivered', async (t) => {
  const { call, clips } = asking((await newServer(t, { config: { oscPort: null } })).app);
  const [clip] = await clips(1);
  await assert.rejects(call('clip.export', { clip, to: 'delivery' }), failed('no_delivery'));
  await assert.rejects(call('clip.batch', { clips: [clip], to: 'delivery' }), failed('no_delivery'));
  await assert.rejects(call('deliver.set', {}), failed('no_delivery'));
  assert.equal((await call('deliver.info')).root, null);
});

test('a sheet becomes one job: clips that are there and clips that are made, and a sheet of them', async (t) => {
  const { call, clips, server } = await setup(t);
  const [old] = await clips(1, { seed: 90 });
  const told: Answer[] = [];
  const rows = [
    { class: 'DogBark', seed: 7, count: 3, catId: 'ANMLFarm' },
    { class: 'Rain:1+DogBark:3', seed: '5' },
    { clip: '0123456789abcdef' },
  ];
  const done = await call('clip.batch', { clips: [old], rows, creator: 'JD', fxName: 'take' }, (answer) =>
    told.push(answer),
  );
  for (const { event, data } of told) assert.equal(checkEvent('clip.batch', event, data), null, event);
  assert.deepEqual([done.files, done.skipped], [5, 1]);
  const kinds = told.map(({ event }) => event);
  assert.equal(kinds[0], 'accepted');
  assert.equal(kinds.filter((kind) => kind === 'done').length, 1);
  assert.equal(told.find(({ event }) => event === 'accepted')!.data.files, 6);
  const last = told.filter(({ event }) => event === 'progress').at(-1)!;
  assert.deepEqual([last.data.done, last.data.of], [6, 6]);
  assert.deepEqual(
    told.filter(({ event }) => event === 'skipped').map(({ data }) => [data.index, data.code]),
    [[5, 'unknown_clip']],
  );
  const sheet = readCsv(readFileSync(String(done.path), 'utf8'));
  assert.equal(readFileSync(String(done.path), 'utf8'), done.sheet);
  assert.deepEqual(
    sheet.map((row) => row.file),
    [
      ...['RAIN_take_JD_NONE_s90.wav', 'ANMLFarm_take_JD_NONE_s7.wav', 'ANMLFarm_take_JD_NONE_s8.wav'],
      ...['ANMLFarm_take_JD_NONE_s9.wav', 'ANMLDog_take_JD_NONE_s5.wav'],
    ],
  );
  assert.deepEqual(
    names(path.join(server.data, 'exports')).filter((name) => name.endsWith('.wav')),
    sheet.map((row) => row.file).sort(),
  );
  const made = decodeWav(readFileSync(path.join(server.data, 'exports', sheet[1]!.file!)));
  assert.deepEqual([made.rate, readRecipe(made.info.comment!)!.seed], [48_000, 7]);
});

test('a batch that asks for nothing, for too much, or for what nobody has, makes nothing', async (t) => {
  const { call, clips, server } = await setup(t);
  const [clip] = await clips(1);
  await assert.rejects(call('clip.batch', {}), failed('bad_args'));
  await assert.rejects(call('clip.batch', { rows: [{}] }), failed('bad_args'));
  await assert.rejects(call('clip.batch', { rows: [{ clip, class: 'Rain' }] }), failed('bad_args'));
  const rows = Array.from({ length: 16 }, () => ({ class: 'Rain', count: 64 }));
  await assert.rejects(call('clip.batch', { rows }), failed('bad_args'));
  const none = await call('clip.batch', { rows: [{ class: 'Unicorn', count: 2 }] });
  assert.deepEqual([none.files, none.skipped], [0, 2]);
  assert.deepEqual(
    names(path.join(server.data, 'exports')).filter((name) => !name.endsWith('.csv')),
    [],
  );
});

test('a batch is cancelled by its job, ends in one failure, and its sheet names what was written', async (t) => {
  const { call, server, dir } = await setup(t);
  const events: string[] = [];
  let job = '';
  const asked = call(
    'clip.batch',
    {
      rows: [{ class: 'Rain', count: 2 }, ...Array.from({ length: 40 }, () => ({ class: 'DogBark', count: 4 }))],
      to: 'delivery',
    },
    ({ event, data }) => {
      events.push(event);
      if (event === 'accepted') job = String(data.job);
      if (event === 'file' && events.filter((one) => one === 'file').length === 3)
        void asking(server.app).call('foley.cancel', { job });
    },
  );
  await assert.rejects(asked, failed('cancelled'));
  await until(() => names(dir).some((name) => name.endsWith('.csv')));
  const sheet = readCsv(readFileSync(path.join(dir, names(dir).find((name) => name.endsWith('.csv'))!), 'utf8'));
  assert.deepEqual(
    names(dir).filter((name) => name.endsWith('.wav')),
    sheet.map((row) => row.file!).sort(),
  );
  assert.ok(sheet.length >= 3 && sheet.length < 162);
  assert.deepEqual((await call('foley.cancel', { job })).cancelled, false);
});

test('a file of a line is there as soon as its clip is made, whatever the rest of the line takes', {
  timeout: 60_000,
}, async (t) => {
  const { call, server } = await setup(t, { engine: { slots: 2 } });
  const { engine } = server;
  engine.pace.set(8, 1000);
  const told: unknown[] = [];
  let heard = (): void => undefined;
  const first = new Promise<void>((resolve) => (heard = resolve));
  const rows = [
    { class: 'Rain', seed: 7, count: 3 },
    { class: 'DogBark', seed: 50, count: 2 },
  ];
  const asked = call('clip.batch', { rows }, ({ event, data }) => {
    if (event !== 'file') return;
    told.push(data.index);
    heard();
  });
  while (!engine.finished.includes(7)) await new Promise((resolve) => setImmediate(resolve));
  engine.hold();
  await first;
  assert.ok(!engine.finished.includes(8));
  assert.deepEqual(told, [0]);
  engine.pace.clear();
  engine.release();
  assert.equal((await asked).files, 5);
  assert.deepEqual([...told].sort(), [0, 1, 2, 3, 4]);
});

test('a folder that is full ends a batch', async (t) => {
  const { call } = await setup(t, { config: { limits: { deliverBytes: 30_000 } } });
  await assert.rejects(call('clip.batch', { rows: [{ class: 'Rain', count: 9 }], to: 'delivery' }), failed('no_room'));
});

test('what is wanted is delivered by itself, once, whatever happens to it afterwards', async (t) => {
  const { call, clips, dir } = await setup(t);
  await clips(1, { seed: 100 });
  await call('deliver.set', { folder: 'in', classes: ['rain'], settings: { creator: 'JD', bits: 16 } });
  assert.equal((await call('deliver.info')).waiting, 0);
  await call('deliver.set', { folder: 'in', classes: ['rain'], earlier: true, settings: { creator: 'JD', bits: 16 } });
  const done = async (count: number): Promise<void> =>
    until(async () => Number((await call('deliver.info')).delivered) === count);
  await done(1);
  await clips(3, { seed: 1 });
  await clips(1, { class: 'DogBark' });
  await done(4);
  const files = names(path.join(dir, 'in'));
  assert.deepEqual(files, [100, 1, 2, 3].map((seed) => `RAIN_Rain_JD_NONE_s${seed}.wav`).sort());
  // The receiver takes it; a change of the clip or of the wish brings nothing back.
  await rm(path.join(dir, 'in', files[0]!));
  const [first] = ((await call('clip.list', { class: 'Rain' })).clips as { clip: string }[]).map(({ clip }) => clip);
  await call('clip.star', { clip: first });
  await call('deliver.set', { classes: null });
  await until(() => names(path.join(dir, 'in')).some((name) => name.startsWith('ANMLDog')));
  assert.equal(names(path.join(dir, 'in')).length, 4);
  await call('deliver.set', { on: false });
  await clips(1, { seed: 50 });
  assert.equal((await call('deliver.info')).waiting, 0);
});

test('a delivery folder alone gets every clip that is saved, until it is switched off; a change keeps the rest', async (t) => {
  const dir = path.join(await temporary(t), 'deliver');
  const server = await newServer(t, { config: { oscPort: null, deliver: dir } });
  const { call, clips } = asking(server.app);
  await clips(1, { seed: 3 });
  await until(() => names(dir).length === 1);
  await call('deliver.set', { folder: 'day', starred: true, classes: ['Rain'], settings: { creator: 'JD', bits: 16 } });
  const { on, folder, starred, classes, settings } = await call('deliver.set', { on: false, settings: { bits: 24 } });
  const { creator, bits, rate } = settings as Record<string, unknown>;
  assert.deepEqual(
    [on, folder, starred, classes, creator, bits, rate],
    [false, 'day', true, ['Rain'], 'JD', 24, 48_000],
  );
  const clean = await call('deliver.set', { on: false, reset: true });
  assert.deepEqual([clean.folder, clean.starred, clean.classes], ['', false, null]);
});

test('a clock that was ahead when the rule was made keeps no later clip back', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  const { call, clips, dir } = await setup(t);
  await call('deliver.set', { on: true });
  t.mock.timers.reset();
  await clips(2);
  await until(() => names(dir).length === 2);
});

test('only starred clips come when only they are wanted, as soon as they are', async (t) => {
  const { call, clips, dir } = await setup(t);
  await call('deliver.set', { starred: true });
  const [a, b] = await clips(2);
  await call('clip.star', { clip: b });
  await until(() => names(dir).length === 1);
  assert.deepEqual(names(dir), ['RAIN_Rain_FOLEYD_NONE_s2.wav']);
  await call('clip.star', { clip: a });
  await until(() => names(dir).length === 2);
});

test('while its folder fails clips wait, and come when it is back', async (t) => {
  const { call, clips, dir } = await setup(t);
  await call('deliver.set', { on: true });
  await rm(dir, { recursive: true });
  writeFileSync(dir, 'a file in place of the folder');
  await clips(2);
  const state = async () => (await call('deliver.info')) as { waiting: number; problem: string | null };
  await until(async () => (await state()).problem !== null);
  assert.equal((await state()).waiting, 2);
  await rm(dir);
  await until(() => names(dir).length === 2);
  await until(async () => (await state()).waiting === 0);
  assert.equal((await state()).problem, null);
});

test('a server that starts again delivers what had not come, and nothing twice', async (t) => {
  const { server, dir, call, clips } = await setup(t);
  await call('deliver.set', { folder: '', classes: ['Rain'] });
  const [, second] = await clips(2, { seed: 1 });
  await until(async () => (await call('deliver.info')).delivered === 2);
  await call('foley.generate', { class: 'DogBark', seed: 9, save: true });
  await server.app.close();
  // As a crash leaves it that came after the file and before the word that it is there.
  const sidecar = path.join(server.data, 'clips', `${second}.json`);
  const text = readFileSync(sidecar, 'utf8');
  assert.match(text, /"done":true/);
  writeFileSync(sidecar, text.replace('"done":true', '"done":false'));
  await rm(path.join(dir, 'RAIN_Rain_FOLEYD_NONE_s1.wav'));
  const begin = async (): Promise<TestServer['app']> => {
    const config = resolveConfig(
      { port: 0, oscPort: null, data: server.data, models: server.models, deliver: dir, limits: { drainMs: 0 } },
      {},
    );
    const app = await createApp(config, { engine: new ScriptedEngine(), log: memoryLog().log });
    t.after(() => app.close());
    return app;
  };
  const again = asking(await begin());
  await until(async () => (await again.call('deliver.info')).on === true);
  await again.call('deliver.set', { classes: null });
  await until(() => names(dir).length === 2);
  assert.deepEqual(names(dir), ['ANMLDog_DogBark_FOLEYD_NONE_s9.wav', 'RAIN_Rain_FOLEYD_NONE_s2.wav']);
  await until(() => readFileSync(sidecar, 'utf8').includes('"done":true'));
  const { problem, on } = (await again.call('deliver.info')) as { problem: string | null; on: boolean };
  assert.deepEqual([problem, on], [null, true]);
});

test('settings that cannot be read are told, and deliver nothing', async (t) => {
  const { call, clips, dir } = await setup(t);
  await assert.rejects(call('deliver.set', { settings: { format: 'flac', bits: 32 } }), failed('bad_args'));
  await assert.rejects(call('deliver.set', { folder: '../up' }), failed('bad_args'));
  await clips(1);
  assert.deepEqual(names(dir), []);
});
