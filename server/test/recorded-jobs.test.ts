/** A kept job while its record is being written: the engine is at work, and nobody has anything of it. */
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { JobJournal } from '../dispatch/job-journal.ts';
import { ScriptedEngine } from './support/engine.ts';
import { connectInProcess } from './support/memory-client.ts';
import { memoryLog, temporary } from './support/server.ts';
import { writeVoice } from './support/voice.ts';

const order = { class: 'Rain', seed: 7, save: true, keep: true };

async function served(t: TestContext) {
  const root = await temporary(t);
  const [data, models] = [path.join(root, 'data'), path.join(root, 'models')];
  await writeVoice(models, 'default');
  const engine = new ScriptedEngine();
  const app = await createApp(resolveConfig({ port: 0, oscPort: 0, data, models }, {}), {
    engine,
    log: memoryLog().log,
  });
  t.after(() => app.close());
  await app.ready;
  const saved = async (): Promise<string[]> =>
    (await readdir(path.join(data, 'clips')).catch(() => [])).filter((name) => name.endsWith('.wav'));
  return { data, engine, app, client: connectInProcess(app), saved };
}

/** Records wait until `go` is called, as they do for a slow disk. */
function slowRecords(t: TestContext): () => void {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const { begin } = JobJournal.prototype;
  t.mock.method(JobJournal.prototype, 'begin', async function (this: JobJournal, ...args: Parameters<typeof begin>) {
    await gate;
    await begin.apply(this, args);
  });
  return go;
}

const turns = async (until: () => boolean): Promise<void> => {
  while (!until()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('a kept job is made while it is recorded, and told and handed over when it is', async (t) => {
  const { data, engine, client, saved } = await served(t);
  const go = slowRecords(t);
  const asked = client.ask('foley.generate', order);
  await turns(() => engine.finished.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([asked.answers, await saved(), await readdir(path.join(data, 'jobs'))], [[], [], ['runs.json']]);
  const [{ job: _, lasting, ...open }] = (await client.ask('job.list').end).data.jobs as [Record<string, unknown>];
  assert.deepEqual([lasting, open.state, open.made], [false, 'running', 0]);
  go();
  const end = await asked.end;
  const events = asked.answers.map(({ event }) => event);
  const plain = client.ask('foley.generate', { ...order, save: false, keep: false });
  await plain.end;
  assert.deepEqual(
    events,
    plain.answers.map(({ event }) => event),
  );
  assert.deepEqual([events[0], end.event, (await saved()).length], ['accepted', 'done', 1]);
});

test('one that fails, or is cancelled, while it is recorded is told once, and leaves no record', async (t) => {
  const { data, engine, client, saved } = await served(t);
  const go = slowRecords(t);
  engine.faults.set(7, 'engine_crashed');
  const failing = client.ask('foley.generate', order);
  await turns(() => engine.begun.length > 0 && engine.running === null);
  engine.hold();
  const cancelled = client.ask('foley.generate', { ...order, seed: 8 });
  await turns(() => engine.begun.length > 1);
  assert.deepEqual((await client.ask('foley.cancel', { request: cancelled.id }).end).data, { cancelled: true });
  go();
  const ends = await Promise.all([failing.end, cancelled.end]);
  assert.deepEqual(
    ends.map(({ event, data: { code } }) => [event, code]),
    [
      ['failed', 'engine_crashed'],
      ['failed', 'cancelled'],
    ],
  );
  assert.deepEqual([await saved(), await readdir(path.join(data, 'jobs'))], [[], ['runs.json']]);
});

test('one that cannot be recorded is refused: nothing of it was told, or is left', async (t) => {
  const { data, engine, client, saved } = await served(t);
  await rm(path.join(data, 'jobs'), { recursive: true });
  await writeFile(path.join(data, 'jobs'), 'in the way');
  engine.hold();
  const asked = client.ask('foley.generate', order);
  const end = await asked.end;
  assert.deepEqual(
    [asked.answers.length, end.event, end.data.code, end.data.job],
    [1, 'failed', 'io_error', undefined],
  );
  assert.deepEqual([(await client.ask('job.list').end).data.jobs, await saved()], [[], []]);
});

test('what is paused while it is recorded is paused after a restart', async (t) => {
  const dir = path.join(await temporary(t), 'jobs');
  const journal = new JobJournal(dir, (_, message) => assert.fail(message));
  await journal.restore(() => 0);
  const job = journal.newId();
  const begun = journal.begin(job, 'foley.generate', {});
  assert.equal(journal.has(job), false);
  await Promise.all([journal.pause(job, true), begun]);
  assert.equal(journal.has(job), true);
  const [restored] = await new JobJournal(dir, () => undefined).restore(() => 0);
  assert.equal(restored?.record.paused, true);
});
