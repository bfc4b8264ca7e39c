/**
 * A training whose end could not be written ran for ever: its client waited, and its data set and name were taken. One that
 * was refused for a full disk began when there was room again.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ProtocolError } from '../../../protocol/index.ts';
import { TrainingJobs } from '../../training/jobs.ts';
import type { TrainingOrder } from '../../training/journal.ts';
import { finder, order, over, room } from '../support/scripted-trainer.ts';
import { temporary } from '../support/server.ts';
import { arm, install } from '../torture/disk.ts';

const FULL = { fault: 'ENOSPC', at: 0, times: Number.POSITIVE_INFINITY } as const;

async function trainings(t: TestContext) {
  const root = await temporary(t);
  const [dir, voices] = [path.join(root, 'training'), path.join(root, 'voices')];
  await mkdir(dir, { recursive: true });
  await install(root);
  t.after(() => arm(null));
  const said: string[] = [];
  const jobs = new TrainingJobs({
    dir,
    voices,
    most: 2,
    checkMs: 20,
    retryMs: 1,
    log: (_, message) => void said.push(message),
    finder,
    room,
    findVoice: () => Promise.reject(new ProtocolError('unknown_voice')),
    hasVoice: async () => false,
    findDataset: async () => root,
  });
  t.after(() => jobs.close());
  await jobs.restore();
  return { jobs, dir, said };
}

const named = (voice: string, name = 'plain'): TrainingOrder => ({ ...order, voice, name });

test('a training that cannot be recorded is refused, and never begins', async (t) => {
  const { jobs, dir } = await trainings(t);
  arm(FULL);
  await assert.rejects(jobs.submit(named('v')), {
    code: 'io_error',
    message: /could not be recorded: the disk is full/,
  });
  arm(null);
  assert.deepEqual([jobs.list(), await readdir(dir), jobs.user('d')], [[], [], null]);
  // Nor does it keep its name.
  await over(await jobs.submit(named('v')));
});

test('a training ends for everybody where the disk takes no word of it', async (t) => {
  const { jobs, said } = await trainings(t);
  const job = await jobs.submit(named('v', 'slow'));
  await new Promise<void>((resolve) => job.watch(() => job.progress.step > 0 && resolve()));
  arm(FULL);
  await over(job);
  assert.ok(['done', 'failed'].includes(job.state), job.state);
  assert.ok(said.some((line) => /the end of a training could not be recorded/.test(line)));
  arm(null);
  assert.equal(jobs.user('d'), null);
  const next = await jobs.submit(named('w'));
  await over(next);
  assert.equal(next.state, 'done');
});

test('a cancellation that the disk does not take is refused, and can be asked for again', async (t) => {
  const { jobs } = await trainings(t);
  await jobs.submit(named('first', 'slow'));
  const waiting = await jobs.submit(named('second'));
  arm(FULL);
  await assert.rejects(jobs.cancel(waiting.id));
  assert.equal(waiting.state, 'queued');
  arm(null);
  assert.equal(await jobs.cancel(waiting.id), true);
});
