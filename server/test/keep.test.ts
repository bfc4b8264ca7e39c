/** Jobs that outlive their client, and who comes back for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, ProtocolError } from '../../protocol/index.ts';
import { tinyServer } from './support/clips.ts';
import { failed } from './support/failed.ts';

const app = tinyServer();

const plain = ({ event, data: given }: Answer): unknown => [event, given];

/** Begins a job and leaves as soon as `when` holds of an answer. What it had heard, and the job's id. */
function leaving(
  args: Record<string, unknown>,
  when: (answer: Answer) => boolean,
): Promise<{ job: string; heard: unknown[] }> {
  return new Promise((resolve) => {
    const client = app.connect();
    const heard: unknown[] = [];
    let job = '';
    client
      .call('foley.generate', { class: 'Rain', ...args }, (answer) => {
        heard.push(plain(answer));
        if (answer.event === 'accepted') job = answer.data.job as string;
        if (!when(answer)) return;
        client.close();
        resolve({ job, heard });
      })
      .catch(() => undefined);
  });
}

/** Attaches, and gives back every event, `done` the last. */
async function attached(job: string): Promise<unknown[]> {
  const heard: unknown[] = [];
  await app.connect().call('foley.attach', { job }, (answer) => heard.push(plain(answer)));
  return heard;
}

test('who comes back hears everything, once, whether the job still runs or has ended', async () => {
  const third = ({ event, data: given }: Answer): boolean => event === 'row' && given.index === 1 && given.row === 3;
  const { job, heard } = await leaving({ seed: 3, count: 6, keep: true }, third);
  const [first, second] = await Promise.all([attached(job), attached(job)]);
  assert.deepEqual(first, second);
  assert.deepEqual(first.slice(0, heard.length), heard);
  const count = (name: string): number => first.filter((told) => (told as [string])[0] === name).length;
  assert.deepEqual([count('accepted'), count('row'), count('audio'), count('done')], [1, 48, 6, 1]);
  assert.deepEqual(await attached(job), first);
});

test('a job that nobody asked to keep ends with its client, and is nobody’s to come back for', async () => {
  const { job } = await leaving({ count: 40 }, ({ event }) => event === 'row');
  await assert.rejects(attached(job), failed('unknown_job'));
  await assert.rejects(attached('0123456789abcdef'), failed('unknown_job'));
});

test('who leaves again ends nothing; who cancels the job ends it for everybody, with one failure each', async () => {
  const { job } = await leaving({ count: 60, keep: true }, ({ event }) => event === 'row');
  const visitor = app.connect();
  const visit = visitor.call('foley.attach', { job });
  visitor.close();
  await assert.rejects(visit, failed('connection_closed'));
  let rows = 0;
  const ends: string[] = [];
  const waiting = [0, 1, 2].map(() =>
    app
      .connect()
      .call('foley.attach', { job }, ({ event }) => {
        if (event === 'row') rows += 1;
        if (event === 'done' || event === 'failed') ends.push(event);
      })
      .then(
        () => 'done',
        (error: ProtocolError) => error.code,
      ),
  );
  while (rows < 30) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.deepEqual(await app.connect().call('foley.cancel', { job }), { cancelled: true });
  assert.deepEqual(await Promise.all(waiting), ['cancelled', 'cancelled', 'cancelled']);
  assert.equal(ends.length, 3);
  await assert.rejects(attached(job), failed('cancelled'));
});
