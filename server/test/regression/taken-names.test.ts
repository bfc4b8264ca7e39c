/** A file that another had the name of was taken for delivered; and what is delivered was told before it was known. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { type App, createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { memoryLog, temporary } from '../support/server.ts';
import { writeVoice } from '../support/voice.ts';

async function place(t: TestContext) {
  const root = await temporary(t);
  const [data, models, deliver] = [path.join(root, 'data'), path.join(root, 'models'), path.join(root, 'out')];
  await writeVoice(models, 'default');
  const start = async (): Promise<App> => {
    const limits = { drainMs: 0, deliverFreeDisk: 0 };
    const config = resolveConfig({ port: 0, oscPort: 'off', data, models, deliver, limits }, {});
    const app = await createApp(config, { engine: new ScriptedEngine({ samples: 64 }), log: memoryLog().log });
    t.after(() => app.close());
    return app;
  };
  return { data, deliver, start };
}

const wavs = async (dir: string): Promise<string[]> =>
  (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.wav')).sort();

async function until(is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await is()); tries++) {
    assert.ok(tries < 2000, 'it never came');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a clip whose name another file has got by the time a server starts again is delivered all the same', async (t) => {
  const { data, deliver, start } = await place(t);
  const first = await start();
  const admin = first.connect('admin');
  await admin.call('deliver.set', {});
  const { clip } = await admin.call('foley.generate', { class: 'Rain', seed: 1, save: true });
  await until(async () => (await admin.call('deliver.info')).delivered === 1);
  await first.close();
  const [name = ''] = await wavs(deliver);
  // A crash came after the name was chosen and before the file was there; then somebody else took it.
  const sidecar = path.join(data, 'clips', `${clip}.json`);
  await writeFile(sidecar, (await readFile(sidecar, 'utf8')).replace('"done":true', '"done":false'));
  await writeFile(path.join(deliver, name), 'another');
  const second = await start();
  // Whoever asks at once is told what is delivered.
  assert.equal((await second.connect().call('deliver.info')).on, true);
  await until(async () => (await second.connect().call('deliver.info')).delivered === 1);
  assert.deepEqual(await wavs(deliver), [name.replace('.wav', '-2.wav'), name].sort());
  assert.equal(await readFile(path.join(deliver, name), 'utf8'), 'another');
});

test('two files of a batch that were begun under one name are two after a restart', async (t) => {
  const { data, start } = await place(t);
  const [job, exports] = ['ab12'.repeat(4), path.join(data, 'exports')];
  const file = path.join(exports, 'same.wav');
  await mkdir(path.join(data, 'jobs'), { recursive: true });
  await mkdir(exports);
  await writeFile(file, 'the file of one of the two');
  const row = { class: 'Rain', seed: 1, count: 1, voice: 'default' };
  const record = {
    format: 'foleyd-job',
    version: 1,
    job,
    cmd: 'clip.batch',
    created: 1,
    paused: false,
    tries: 0,
    made: 0,
  };
  await writeFile(
    path.join(data, 'jobs', `${job}.json`),
    JSON.stringify({ ...record, order: { rows: [row, row, row] } }),
  );
  const told = { name: 'same.wav', path: file, bytes: 26, seconds: 1, lufs: null, truePeak: 0, gain: 0, looped: false };
  const facts = { clip: 'a'.repeat(16), class: 'Rain', seed: 1, voice: 'default', catId: 'X', fxName: 'x' };
  const notes = [
    { is: 'begun', index: 0, entry: { index: 0, told, facts } },
    { is: 'begun', index: 1, entry: { index: 1, told, facts } },
    // What lies under its name is not what was written for it.
    { is: 'begun', index: 2, entry: { index: 2, told, facts }, sha256: '0'.repeat(64) },
  ];
  await writeFile(path.join(data, 'jobs', `${job}.log`), notes.map((note) => `${JSON.stringify(note)}\n`).join(''));
  const app = await start();
  const state = async () =>
    ((await app.connect().call('job.list', { jobs: [job] })).jobs as { state: string }[])[0]?.state;
  await until(async () => /done|failed/.test((await state()) ?? ''));
  assert.deepEqual([await state(), (await wavs(exports)).length], ['done', 3]);
});
