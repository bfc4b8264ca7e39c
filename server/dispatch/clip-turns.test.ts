/** Whose clip is next, and who is refused. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ProtocolError } from '../../protocol/index.ts';
import { outcome, setup, turn } from '../test/support/scheduler.ts';

test('single clips are made in order of arrival', async () => {
  const { engine, scheduler, order } = setup();
  const jobs = [5, 4, 3, 2, 1].map((seed) => scheduler.submit(order([seed])));
  assert.deepEqual(
    jobs.map(({ position }) => position),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(await Promise.all(jobs.map(outcome)), new Array(5).fill('done'));
  assert.deepEqual(engine.begun, [5, 4, 3, 2, 1]);
});

test('who wants one clip does not wait for who wants many, and the many take turns', async () => {
  const { engine, scheduler, order } = setup();
  const jobs = [scheduler.submit(order([1, 2, 3])), scheduler.submit(order([10])), scheduler.submit(order([20, 21]))];
  assert.deepEqual(await Promise.all(jobs.map(outcome)), ['done', 'done', 'done']);
  assert.deepEqual(engine.begun, [1, 10, 20, 2, 21, 3]);
});

test('jobs of a group are begun one after the other, beside other jobs of their client', async () => {
  const { engine, scheduler, order } = setup();
  const lines = [[1, 2, 3], [4, 5], [6]].map((seeds) => scheduler.submit(order(seeds, { group: 'batch' })));
  await turn();
  const other = scheduler.submit(order([10]));
  assert.deepEqual(await Promise.all([...lines, other].map(outcome)), new Array(4).fill('done'));
  assert.deepEqual(engine.begun, [1, 10, 2, 3, 4, 5, 6]);
});

test('clients take turns, however many jobs one of them has waiting', async () => {
  const { engine, scheduler, order } = setup();
  const jobs = [1, 2, 3, 4, 5].map((seed) => scheduler.submit(order([seed])));
  await turn();
  const others = [10, 11].map((seed) => scheduler.submit(order([seed], { owner: 'another' })));
  const third = scheduler.submit(order([20], { owner: 'http-7', client: 'http ::1' }));
  await Promise.all([...jobs, ...others, third].map(outcome));
  assert.deepEqual(engine.begun, [1, 10, 20, 2, 11, 3, 4, 5]);
});

test('a client that fills the queue is refused, and a newcomer is not; there is a bound for all newcomers', async () => {
  const { engine, scheduler, order } = setup({ maxJobs: 8 });
  engine.hold();
  scheduler.submit(order([0]));
  await turn();
  const fill = (owner: string): string => {
    try {
      scheduler.submit(order([1], { owner }));
      return 'queued';
    } catch (error) {
      return (error as ProtocolError).code;
    }
  };
  assert.deepEqual(
    Array.from({ length: 9 }, () => fill('test')),
    [...new Array(8).fill('queued'), 'queue_full'],
  );
  assert.deepEqual(['a', 'a', 'b', 'c'].map(fill), ['queued', 'queue_full', 'queued', 'queue_full']);
  engine.release();
  await scheduler.drain(0);
});

test('many clips are made in the end, however many single ones keep coming', async () => {
  let now = 0;
  const { engine, scheduler, order } = setup({ now: () => now });
  const many = scheduler.submit(order([1, 2, 3]));
  let seed = 100;
  let over = false;
  const more = (): void => {
    now += 1000;
    if (!over && seed < 200) void scheduler.submit(order([seed++])).done.then(more);
  };
  more();
  void scheduler.submit(order([99])).done.then(more);
  assert.equal(await outcome(many), 'done');
  over = true;
  const between = engine.begun.indexOf(3) - engine.begun.indexOf(2);
  assert.ok(between > 5 && between < 15, `${between} clips between the second and the third`);
});

test('many clips are made in the end, however many newcomers keep coming with single ones, who wait for one of them at most', async () => {
  let now = 0;
  const { engine, scheduler, order } = setup({ now: () => now });
  const many = scheduler.submit(order([1, 2, 3], { owner: 'many' }));
  let seed = 100;
  let over = false;
  const waited: number[] = [];
  // Each of them has gone when its clip is made, and the next is somebody else.
  const more = (): void => {
    now += 1000;
    const [mine, before] = [seed++, engine.begun.length];
    if (over || seed > 200) return;
    void scheduler.submit(order([mine], { owner: `newcomer ${mine}` })).done.then(() => {
      waited.push(engine.begun.indexOf(mine) - before);
      more();
    });
  };
  more();
  more();
  assert.equal(await outcome(many), 'done');
  over = true;
  assert.equal(Math.max(...waited), 2, 'one newcomer that was there before, and one of the many');
  const between = engine.begun.indexOf(3) - engine.begun.indexOf(2);
  assert.ok(between > 5 && between < 15, `${between} clips between the second and the third`);
});

test('a patient clip begins only when nobody else wants one, whenever it was asked for', async () => {
  const { engine, scheduler, order } = setup();
  engine.hold();
  const jobs = [scheduler.submit(order([900, 901, 902], { patient: true }))];
  await turn();
  for (const seed of [1, 2, 3]) jobs.push(scheduler.submit(order([seed])));
  jobs.push(scheduler.submit(order([10, 11, 12])), scheduler.submit(order([910], { patient: true })));
  engine.release();
  assert.deepEqual(await Promise.all(jobs.map(outcome)), new Array(6).fill('done'));
  assert.deepEqual(engine.begun, [900, 1, 2, 3, 10, 11, 12, 910, 901, 902]);
});

test('patient jobs take no room in the queue from others, and have bounds too', async () => {
  const { engine, scheduler, order } = setup({ maxJobs: 2 });
  engine.hold();
  const first = scheduler.submit(order([1]));
  await turn();
  const patient = [2, 3].map((seed) => scheduler.submit(order([seed], { patient: true })));
  assert.throws(() => scheduler.submit(order([4], { patient: true })), { code: 'queue_full' });
  const others = [5, 6].map((seed) => scheduler.submit(order([seed])));
  assert.throws(() => scheduler.submit(order([7])), { code: 'queue_full' });
  engine.release();
  assert.deepEqual(await Promise.all([first, ...patient, ...others].map(outcome)), new Array(5).fill('done'));
  assert.deepEqual(engine.begun, [1, 5, 6, 2, 3]);
});

test('a full queue refuses by jobs and by clips, and takes more once there is room', async () => {
  const { engine, scheduler, order } = setup({ maxJobs: 3, maxClips: 10 });
  engine.hold();
  const first = scheduler.submit(order([0]));
  await turn();
  const waiting = [1, 2, 3].map((seed) => scheduler.submit(order([seed])));
  assert.throws(() => scheduler.submit(order([4])), { code: 'queue_full' });
  assert.equal(scheduler.cancel(waiting[2]?.id ?? ''), true);
  assert.throws(() => scheduler.submit(order(new Array<number>(9).fill(5))), { code: 'queue_full' });
  assert.deepEqual(scheduler.usage(), { running: 1, waitingJobs: 2, waitingClips: 2, maxJobs: 3, maxClips: 10 });
  engine.release();
  assert.equal(await outcome(first), 'done');
  await Promise.allSettled(waiting.map(({ done }) => done));
  assert.equal(await outcome(scheduler.submit(order([6]))), 'done');
});
