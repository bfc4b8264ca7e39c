import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { ProtocolError } from '../../protocol/index.ts';
import { finder, order, over, room } from '../test/support/scripted-trainer.ts';
import { temporary } from '../test/support/server.ts';
import { Job } from './job.ts';
import { TrainingJobs, type TrainingOptions } from './jobs.ts';
import { Journal } from './journal.ts';

async function trainings(t: TestContext, more: Partial<TrainingOptions> = {}) {
  const root = await temporary(t);
  const [dir, voices] = [path.join(root, 'training'), path.join(root, 'voices')];
  await mkdir(dir, { recursive: true });
  const open = async (): Promise<TrainingJobs> => {
    const jobs = new TrainingJobs({
      dir,
      voices,
      finder,
      room,
      most: 2,
      log: () => undefined,
      checkMs: 20,
      retryMs: 1,
      findVoice: async (id) => {
        if (id === 'mine') return { dir: root, hash: 'h' };
        throw new ProtocolError('unknown_voice');
      },
      hasVoice: async (id) => (await readdir(voices).catch((): string[] => [])).includes(id),
      findDataset: async (id) => {
        if (id !== 'd') throw new ProtocolError('unknown_dataset');
        return root;
      },
      ...more,
    });
    t.after(() => jobs.close());
    await jobs.restore();
    return jobs;
  };
  return { dir, voices, jobs: await open(), open };
}

const reached = (job: Job, step: number): Promise<void> => {
  return new Promise((resolve) => {
    job.watch(() => job.progress.step >= step && resolve());
    if (job.progress.step >= step) resolve();
  });
};
const code = (expected: string) => (error: unknown) => error instanceof ProtocolError && error.code === expected;

test('one trains while others wait, in their order, and no more than may', async (t) => {
  const { jobs, voices } = await trainings(t);
  const all = [await jobs.submit({ ...order, voice: 'a' })];
  for (const voice of ['b', 'c']) all.push(await jobs.submit({ ...order, voice }));
  await assert.rejects(jobs.submit({ ...order, voice: 'd' }), code('queue_full'));
  const ended: string[] = [];
  for (const job of all) void over(job).then(() => ended.push(job.order.voice));
  await Promise.all(all.map(over));
  assert.deepEqual(ended, ['a', 'b', 'c']);
  assert.deepEqual(
    all.map(({ state, hash }) => [state, hash]),
    Array(3).fill(['done', 'steps 8']),
  );
  assert.deepEqual((await readdir(voices)).sort(), ['a', 'b', 'c']);
});

test('what cannot be is refused before it waits', async (t) => {
  const { jobs, dir } = await trainings(t);
  await assert.rejects(jobs.submit({ ...order, datasets: ['nothing'] }), code('unknown_dataset'));
  await over(await jobs.submit(order));
  await assert.rejects(jobs.submit(order), code('already_exists'));
  assert.throws(() => jobs.get('nobody'), code('unknown_job'));
  const full = await trainings(t, { room: { ...room, freeDisk: 2 ** 60 } });
  await assert.rejects(full.jobs.submit(order), code('no_room'));
  const none = await trainings(t, { finder: { find: () => Promise.reject(new ProtocolError('python_missing')) } });
  await assert.rejects(none.jobs.submit(order), code('python_missing'));
  assert.deepEqual(none.jobs.list(), []);
  assert.equal((await readdir(dir)).length, 1);
});

test('a trainer that says what is wrong ends the job with it and the last lines of its log', async (t) => {
  const { jobs } = await trainings(t);
  const job = await jobs.submit({ ...order, name: 'fail' });
  await over(job);
  assert.deepEqual([job.state, job.code, job.message], ['failed', 'training_failed', 'step 3: a loss is no number']);
  assert.deepEqual(job.log, ['begins at step 0', 'foley-train: a loss is no number']);
});

test('one that crashes is started again from its checkpoint, and given up when it gets no further', async (t) => {
  const { jobs, dir } = await trainings(t);
  const job = await jobs.submit({ ...order, name: 'crash' });
  await over(job);
  assert.equal(job.state, 'failed');
  assert.match(job.message ?? '', /SIGKILL.*3 times without a step/);
  assert.deepEqual(job.log, ['begins at step 2']);
  const log = await readFile(path.join(dir, job.id, 'job.jsonl'), 'utf8');
  assert.ok(log.includes('goes on from its checkpoint'));
});

const signals = { skip: process.platform !== 'linux' && 'reads /proc' };

test('one that somebody stopped is ended and goes on from its checkpoint', signals, async (t) => {
  const { jobs, dir } = await trainings(t, { stillMs: 2000 });
  const job = await jobs.submit({ ...order, name: 'stand' });
  await over(job);
  assert.deepEqual([job.state, job.hash], ['done', 'steps 8']);
  const log = await readFile(path.join(dir, job.id, 'job.jsonl'), 'utf8');
  assert.match(log, /the trainer ended \(it did nothing for 2 s\) and goes on from its checkpoint/);
});

test('one that somebody stopped can be paused: it leaves in order', signals, async (t) => {
  const { jobs, dir } = await trainings(t);
  const job = await jobs.submit({ ...order, name: 'stand' });
  await reached(job, 3);
  assert.equal(await jobs.pause(job.id), true);
  assert.match(await readFile(path.join(dir, job.id, 'job.jsonl'), 'utf8'), /"event":"stopped"/);
  assert.equal(await jobs.resume(job.id), true);
  await over(job);
  assert.deepEqual([job.state, job.hash], ['done', 'steps 8']);
});

test('one that takes too much memory is stopped', async (t) => {
  const { jobs } = await trainings(t, { room: { ...room, memory: 200 * 2 ** 20 } });
  const job = await jobs.submit({ ...order, name: 'hungry slow', steps: 10_000 });
  await over(job);
  assert.deepEqual([job.state, job.code], ['failed', 'no_room']);
  assert.match(job.message ?? '', /MiB of memory/);
});

test('a paused one gives its place to the next and goes on where it was; a cancelled one leaves nothing', async (t) => {
  const { jobs, dir, voices } = await trainings(t);
  const first = await jobs.submit({ ...order, voice: 'first', name: 'slow', steps: 12 });
  await reached(first, 3);
  assert.equal(await jobs.pause(first.id), true);
  assert.equal(first.state, 'paused');
  assert.equal(await jobs.pause(first.id), false);
  assert.equal(jobs.user('d'), first.id);
  const second = await jobs.submit({ ...order, voice: 'second' });
  await over(second);
  assert.equal(await jobs.resume(first.id), true);
  assert.equal(await jobs.resume(first.id), false);
  await over(first);
  assert.equal(first.hash, 'steps 12');
  const third = await jobs.submit({ ...order, voice: 'third', name: 'slow', steps: 1000 });
  await reached(third, 2);
  assert.equal(await jobs.cancel(third.id), true);
  assert.deepEqual([third.state, third.code], ['cancelled', 'cancelled']);
  assert.deepEqual(await readdir(path.join(dir, third.id, 'run')), []);
  assert.deepEqual((await readdir(voices)).sort(), ['first', 'second']);
  assert.equal(await jobs.cancel(third.id), false);
});

test('a server that starts goes on with what ran, then with what waited, and leaves alone what was paused', async (t) => {
  const { jobs, open } = await trainings(t);
  const running = await jobs.submit({ ...order, voice: 'running', name: 'slow', steps: 30 });
  // It waits until its record says that it runs, and two may wait.
  await reached(running, 1);
  const paused = await jobs.submit({ ...order, voice: 'paused' });
  const waiting = await jobs.submit({ ...order, voice: 'waiting' });
  await jobs.pause(paused.id);
  await reached(running, 3);
  await jobs.close();
  assert.equal(running.state, 'running');
  const later = await open();
  const [again, still, next] = [running, paused, waiting].map(({ id }) => later.get(id)) as [Job, Job, Job];
  assert.ok(again.progress.step >= 3);
  await Promise.all([over(again), over(next)]);
  assert.ok(again.ended! <= next.ended!);
  assert.deepEqual([again.hash, next.hash, still.state], ['steps 30', 'steps 8', 'paused']);
});

test('a voice that was put in its place before the server died is not made again', async (t) => {
  const { jobs, dir, voices, open } = await trainings(t);
  const job = await jobs.submit({ ...order, steps: 3 });
  await over(job);
  await jobs.close();
  // As it was a moment before its end.
  const log = path.join(dir, job.id, 'job.jsonl');
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  await writeFile(log, `${lines.slice(0, -1).join('\n')}\n{"at":1,"type":"sta`);
  const later = await open();
  const same = later.get(job.id);
  await over(same);
  assert.deepEqual([same.state, same.hash], ['done', 'steps 3']);
  assert.deepEqual(await readdir(voices), ['v']);
});

test('a log that was cut short or damaged costs a line, and no job', async (t) => {
  const dir = await temporary(t);
  const file = path.join(dir, 'job.jsonl');
  const journal = new Journal(file);
  const job = new Job('x', order, journal, 5);
  await job.begin();
  await job.set('running');
  await job.record({ event: 'step', stage: 'prior', step: 4, eta_minutes: 1, nll: 0.5 });
  await job.close();
  await appendFile(file, 'nonsense\n{"at":7,"type":"state","sta');
  const again = new Journal(file);
  const found = Job.restored('x', again, await again.read());
  assert.deepEqual([found?.state, found?.progress.step, found?.progress.losses], ['running', 4, { nll: 0.5 }]);
  await found?.set('failed', { code: 'training_failed', message: 'm' });
  const last = Job.restored('x', again, await new Journal(file).read());
  assert.deepEqual([last?.state, last?.message], ['failed', 'm']);
  assert.equal(Job.restored('y', again, []), null);
});
