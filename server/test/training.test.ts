/** Data sets and trainings as clients see them, over every transport that admins have; the trainer is a script that learns nothing. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, type CommandName, checkEvent, jsonCodec, msgpackCodec } from '../../protocol/index.ts';
import { encodeWav } from '../audio/wav.ts';
import { codeOf, type TestClient } from './support/client.ts';
import { connectHttp } from './support/http-client.ts';
import { connectInProcess } from './support/memory-client.ts';
import { newServer, type TestServer, temporary } from './support/server.ts';
import { sound } from './support/sounds.ts';
import { connectWs } from './support/ws-client.ts';

const script = fileURLToPath(new URL('./support/scripted-trainer.mjs', import.meta.url));
const ADMIN = 'admin-secret';
const options = { skip: process.platform === 'win32' ? 'the scripted trainer is a shell script' : false };

/** A server whose Python is a script. */
async function server(t: TestContext, python?: string): Promise<TestServer> {
  const dir = await temporary(t);
  const scripted = path.join(dir, 'python');
  // Asked whether it has the trainer, it has; else it is it.
  writeFileSync(
    scripted,
    `#!/bin/sh\nif [ "$1" = -c ]; then echo python; echo trainer; exit; fi\nshift 2\nexec "${process.execPath}" "${script}" "$@"\n`,
  );
  chmodSync(scripted, 0o755);
  const limits = { trainingFreeMemory: 0, trainingFreeDisk: 0, datasetBytes: 2 ** 20 };
  return newServer(t, { config: { adminToken: ADMIN, python: python ?? scripted, datasetFolders: [dir], limits } });
}

const headers = { authorization: `Bearer ${ADMIN}` };
const transports: Record<string, (s: TestServer) => Promise<TestClient>> = {
  'ws-json': ({ app }) => connectWs(app, jsonCodec, { headers }),
  'ws-msgpack': ({ app }) => connectWs(app, msgpackCodec, { headers }),
};

async function ask(client: TestClient, cmd: CommandName, args: Record<string, unknown> = {}): Promise<Answer[]> {
  const asked = client.ask(cmd, args);
  await asked.end;
  // Whatever was said is what the declaration says.
  for (const { event, data } of asked.answers) assert.equal(checkEvent(cmd, event, data), null, `${cmd} ${event}`);
  return asked.answers;
}
const last = async (
  client: TestClient,
  cmd: CommandName,
  args: Record<string, unknown> = {},
): Promise<Answer['data']> => {
  const answer = (await ask(client, cmd, args)).at(-1);
  assert.equal(answer?.event, 'done', JSON.stringify(answer?.data));
  return answer!.data;
};
const refused = async (client: TestClient, cmd: CommandName, args: Record<string, unknown> = {}): Promise<string> => {
  return codeOf((await ask(client, cmd, args)).at(-1)!);
};

for (const [transport, connect] of Object.entries(transports)) {
  test(`${transport}: recordings are sent in pieces, become a data set, and a voice`, options, async (t) => {
    const s = await server(t);
    const client = await connect(s);
    t.after(() => client.close());
    const wav = Buffer.from(encodeWav(sound(300), 22_050, 's16'));
    for (const [file, pitch] of [
      ['A/one.wav', 0],
      ['B/two.wav', 1],
    ] as const) {
      const half = 10_000 + pitch;
      await last(client, 'dataset.upload', { upload: 'u', file, data: wav.subarray(0, half).toString('base64') });
      const rest = { upload: 'u', file, offset: half, data: wav.subarray(half).toString('base64') };
      assert.equal((await last(client, 'dataset.upload', rest)).bytes, wav.length);
      assert.equal(await refused(client, 'dataset.upload', rest), 'bad_args');
    }
    const told = await ask(client, 'dataset.add', { dataset: 'set', upload: 'u', licence: 'CC0-1.0', notes: 'two' });
    assert.deepEqual(
      told.map(({ event }) => event),
      ['accepted', 'progress', 'progress', 'done'],
    );
    assert.deepEqual((told.at(-1)!.data.classes as { class: string }[]).map((one) => one.class).sort(), ['A', 'B']);
    assert.equal(existsSync(path.join(s.data, 'uploads', 'u')), false);
    assert.equal(await refused(client, 'dataset.add', { dataset: 'set', starred: true }), 'bad_dataset');
    const { datasets } = (await last(client, 'dataset.list')) as { datasets: { dataset: string; notes: string }[] };
    assert.deepEqual(
      datasets.map(({ dataset, notes }) => [dataset, notes]),
      [['set', 'two']],
    );
    assert.equal((await last(client, 'dataset.info', { dataset: 'set' })).licence, 'CC0-1.0');

    const events = await ask(client, 'admin.retrain', { voice: 'mine', datasets: ['set'], steps: 5 });
    assert.deepEqual([events[0]?.event, events.at(-1)?.event], ['accepted', 'done']);
    assert.equal(events[0]?.data.base, 'default');
    assert.deepEqual(
      events.filter(({ event }) => event === 'step').map(({ data }) => [data.step, data.share]),
      [1, 2, 3, 4, 5].map((step) => [step, step / 5]),
    );
    assert.ok(existsSync(path.join(s.data, 'voices', 'mine', 'card.json')));
    const { job } = events[0]!.data;
    const again = await ask(client, 'admin.attach', { job });
    assert.deepEqual(again.at(-1), { ...events.at(-1), id: again.at(-1)?.id });
    assert.ok(again.some(({ event }) => event === 'stage'));
    assert.equal((await last(client, 'dataset.remove', { dataset: 'set' })).removed, 'set');
    assert.equal(await refused(client, 'dataset.info', { dataset: 'set' }), 'unknown_dataset');
    assert.equal(await refused(client, 'admin.attach', { job: 'nobody' }), 'unknown_job');
  });
}

test('a training goes on when its client leaves, and ends when the request is cancelled', options, async (t) => {
  const s = await server(t);
  const [gone, other] = [await transports['ws-json']!(s), await transports['ws-json']!(s)];
  t.after(() => other.close());
  const folder = path.join(await temporary(t), 'x');
  mkdirSync(folder);
  assert.equal(await refused(other, 'dataset.add', { dataset: 'set', folder }), 'forbidden');
  await last(other, 'dataset.upload', { upload: 'u', file: 'a.wav', data: 'AAAA' });
  await last(other, 'dataset.add', { dataset: 'set', upload: 'u', class: 'A' });
  const order = { datasets: ['set'], name: 'slow', steps: 20 };
  const left = gone.ask('admin.retrain', { ...order, voice: 'left' });
  const { job } = (await left.first('accepted')).data;
  await left.first('step');
  await gone.close();
  const heard = other.ask('admin.attach', { job });
  assert.equal((await heard.end).event, 'done');

  const cancelled = other.ask('admin.retrain', { ...order, voice: 'cancelled', steps: 1000 }, 'c1');
  await cancelled.first('step');
  const watcher = other.ask('admin.attach', { job: (await cancelled.first('accepted')).data.job }, 'w1');
  await watcher.first('accepted');
  await last(other, 'foley.cancel', { request: 'c1' });
  assert.equal(codeOf(await cancelled.end), 'cancelled');
  assert.equal(codeOf(await watcher.end), 'cancelled');

  const short = await last(other, 'admin.retrain', { ...order, voice: 'later', wait: false, steps: 1000 });
  assert.equal(short.hash, '');
  // To stop listening is not to stop.
  const listener = other.ask('admin.attach', { job: short.job }, 'w2');
  await listener.first('step');
  await last(other, 'foley.cancel', { request: 'w2' });
  assert.equal(codeOf(await listener.end), 'cancelled');
  const paused = await last(other, 'admin.pause', { job: short.job });
  assert.deepEqual([paused.state, paused.changed], ['paused', true]);
  const ended = await last(other, 'admin.cancel', { job: short.job });
  assert.deepEqual([ended.state, ended.changed], ['cancelled', true]);
  const { jobs } = (await last(other, 'admin.jobs')) as { jobs: { voice: string; state: string }[] };
  assert.deepEqual(
    jobs.map(({ voice, state }) => [voice, state]),
    [
      ['left', 'done'],
      ['cancelled', 'cancelled'],
      ['later', 'cancelled'],
    ],
  );
  assert.deepEqual(readdirSync(path.join(s.data, 'voices')), ['left']);
});

test('without Python the training says what to install, and everything else works', async (t) => {
  const s = await server(t, path.join(await temporary(t), 'no-python'));
  const post = async (cmd: string, args: unknown) => {
    const answer = await fetch(`${s.app.urls.http}/v1/${cmd}`, { method: 'POST', body: JSON.stringify(args), headers });
    return { status: answer.status, ...((await answer.json()) as Answer) };
  };
  // Before anything is sent, not after.
  const { status, data } = await post('dataset.upload', { upload: 'u', file: 'a.wav', data: 'AAAA' });
  assert.deepEqual([status, data.code], [501, 'python_missing']);
  assert.match(String(data.message), /Python 3\.10/);
  assert.equal(existsSync(path.join(s.data, 'uploads', 'u')), false);
  assert.equal((await post('foley.generate', { class: 'Rain' })).event, 'done');
  assert.equal((await post('dataset.list', {})).event, 'done');
  assert.equal((await post('admin.jobs', {})).event, 'done');
});

test('who may only play may not teach, on no transport', async (t) => {
  const s = await newServer(t);
  const clients = [await connectWs(s.app), connectHttp(s.app), connectInProcess(s.app)];
  t.after(() => Promise.all(clients.map((client) => client.close())));
  const orders: [CommandName, Record<string, unknown>][] = [
    ['dataset.upload', { upload: 'u', file: 'a.wav', data: 'AAAA' }],
    ['dataset.add', { dataset: 'x', starred: true }],
    ['dataset.list', {}],
    ['dataset.info', { dataset: 'x' }],
    ['dataset.remove', { dataset: 'x' }],
    ['admin.retrain', { voice: 'x', datasets: ['x'] }],
    ['admin.attach', { job: 'x' }],
    ['admin.jobs', {}],
    ['admin.pause', { job: 'x' }],
    ['admin.resume', { job: 'x' }],
    ['admin.cancel', { job: 'x' }],
  ];
  for (const client of clients)
    for (const [cmd, args] of orders) assert.equal(codeOf(await client.ask(cmd, args).end), 'forbidden', cmd);
});
