import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { temporary } from '../test/support/server.ts';
import { JobJournal } from './job-journal.ts';

test('a note after one that a crash cut short is read by the next run', async (t) => {
  const dir = path.join(await temporary(t), 'jobs');
  const problems: string[] = [];
  const open = async () => {
    const journal = new JobJournal(dir, (_, message) => problems.push(message));
    return { journal, found: await journal.restore(({ notes }) => notes.length) };
  };
  const first = (await open()).journal;
  const job = first.newId();
  await first.begin(job, 'clip.batch', {});
  await first.note(job, { index: 0 });
  await appendFile(path.join(dir, `${job}.log`), '{"index":1');
  const second = await open();
  assert.deepEqual(second.found[0]?.notes, [{ index: 0 }]);
  await second.journal.note(job, { index: 2 });
  const third = await open();
  assert.deepEqual(third.found[0]?.notes, [{ index: 0 }, { index: 2 }]);
  await third.journal.during(job, async () => undefined);
  assert.deepEqual(await readdir(dir), ['runs.json']);
  assert.deepEqual(problems, []);
});

test('a job whose files the disk does not give just now is resumed by a later run', async (t) => {
  const dir = path.join(await temporary(t), 'jobs');
  const open = async () => {
    const journal = new JobJournal(dir, () => undefined);
    return { journal, found: await journal.restore(({ notes }) => notes.length) };
  };
  const first = (await open()).journal;
  const job = first.newId();
  await first.begin(job, 'clip.batch', {});
  // Reads of it fail as those of a broken disk do.
  await mkdir(path.join(dir, `${job}.log`));
  assert.deepEqual((await open()).found, []);
  await rmdir(path.join(dir, `${job}.log`));
  const [found] = (await open()).found;
  assert.equal(found?.record.job, job);
  assert.equal(found?.record.tries, 1);
});
