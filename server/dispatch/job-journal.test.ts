import assert from 'node:assert/strict';
import { appendFile, readdir } from 'node:fs/promises';
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
