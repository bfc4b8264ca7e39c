import assert from 'node:assert/strict';
import test from 'node:test';
import { ProtocolError } from '../../protocol/index.ts';
import { outcome, setup, turn } from '../test/support/scheduler.ts';

test('as many clips at once as there are slots, handed over in order, and results do not pile up', async () => {
  const { engine, scheduler, order } = setup({ slots: 3 });
  engine.pace.set(1, 40);
  const taken: number[] = [];
  let most = 0;
  const job = scheduler.submit(
    order([1, 2, 3, 4, 5, 6, 7, 8], {
      onClip: (index) => {
        most = Math.max(most, engine.begun.length - index);
        taken.push(index);
        return Promise.resolve();
      },
    }),
  );
  assert.equal(await outcome(job), 'done');
  assert.deepEqual(taken, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(engine.finished.slice(0, 3), [2, 3, 4], 'the slow first clip kept the others from being made');
  assert.equal(most, 4);
});

test('slots are shared, and a job that fails or is cancelled takes only its own clips along', async () => {
  const { engine, scheduler, order } = setup({ slots: 2 });
  engine.faults.set(2, 'engine_failed');
  const failing = scheduler.submit(order([1, 2, 3, 4]));
  const other = scheduler.submit(order([10, 11, 12]));
  const leaving = scheduler.submit(order([20, 21, 22, 23, 24]));
  const seen = outcome(failing);
  assert.equal(await seen, 'engine_failed');
  scheduler.cancel(leaving.id);
  assert.deepEqual(await Promise.all([other, leaving].map(outcome)), ['done', 'cancelled']);
  assert.ok([10, 11, 12].every((seed) => engine.finished.includes(seed)));
  assert.ok(!engine.begun.includes(24));
  assert.deepEqual(scheduler.usage(), { running: 0, waitingJobs: 0, waitingClips: 0, maxJobs: 256, maxClips: 2048 });
});

test('every job publishes queued, started, its rows and exactly one ended', async () => {
  const { bus, scheduler, order } = setup();
  const events: string[] = [];
  bus.subscribe((event) => events.push(event.type));
  await scheduler.submit(order([1])).done;
  assert.deepEqual(events, ['queued', 'started', ...new Array<string>(8).fill('row'), 'ended']);
});

test('who ordered a job hears of it before those who watch, and fails it by throwing', async () => {
  const { bus, scheduler, order } = setup();
  const events: string[] = [];
  bus.subscribe((event) => events.push(`watched ${event.type}`));
  await scheduler.submit(order([1], { onEvent: (event) => events.push(event.type) })).done;
  assert.deepEqual(events.slice(0, 4), ['queued', 'watched queued', 'started', 'watched started']);
  assert.deepEqual(events.slice(-2), ['ended', 'watched ended']);
  assert.equal(events.filter((type) => type === 'row').length, 8);
  const throwing = order([2], {
    onEvent: ({ type }) => {
      if (type === 'row') throw new Error('no');
    },
  });
  assert.equal(await outcome(scheduler.submit(throwing)), 'internal');
});

test('cancelling reaches waiting and running jobs once, and never a job that has ended', async () => {
  const { engine, scheduler, order } = setup();
  engine.hold();
  const running = scheduler.submit(order([1, 2]));
  const waiting = scheduler.submit(order([3]));
  const kept = scheduler.submit(order([4]));
  await turn();
  assert.equal(scheduler.cancel(waiting.id), true);
  assert.equal(scheduler.cancel(running.id), true);
  assert.equal(scheduler.cancel(running.id), false);
  engine.release();
  assert.deepEqual(await Promise.all([running, waiting, kept].map(outcome)), ['cancelled', 'cancelled', 'done']);
  assert.equal(scheduler.cancel(kept.id), false);
  assert.equal(scheduler.cancel('no such job'), false);
  assert.deepEqual(engine.begun, [1, 4]);
});

test('a session that is gone takes its jobs with it and leaves those of others', async () => {
  const { engine, scheduler, order } = setup();
  const gone = new AbortController();
  engine.hold();
  const jobs = [1, 2].map((seed) => scheduler.submit(order([seed], { signal: gone.signal })));
  const other = scheduler.submit(order([3]));
  await turn();
  gone.abort(new ProtocolError('cancelled', 'the client is gone'));
  const late = scheduler.submit(order([4], { signal: gone.signal }));
  engine.release();
  assert.deepEqual(await Promise.all([...jobs, other, late].map(outcome)), [
    'cancelled',
    'cancelled',
    'done',
    'cancelled',
  ]);
  assert.deepEqual(engine.begun, [1, 3]);
});

test('an engine crash fails the running job with its code and the next one is made', async () => {
  const { engine, scheduler, order } = setup();
  engine.hold();
  const [first, second] = [scheduler.submit(order([1])), scheduler.submit(order([2]))];
  await turn();
  await turn();
  engine.crash();
  engine.release();
  assert.deepEqual(await Promise.all([outcome(first), outcome(second)]), ['engine_crashed', 'done']);
});

test('a clip that nobody can take fails its job, stops the rest of it and nobody else', async () => {
  const { engine, scheduler, order } = setup();
  const onClip = (): Promise<void> => Promise.reject(new ProtocolError('io_error', 'the disk is full'));
  const first = scheduler.submit(order([1, 2, 3, 4, 5, 6], { onClip }));
  const second = scheduler.submit(order([9]));
  assert.deepEqual(await Promise.all([outcome(first), outcome(second)]), ['io_error', 'done']);
  assert.ok(engine.begun.length <= 3, `made ${engine.begun.join(' ')}`);
});

test('an error nobody foresaw becomes internal and keeps its cause', async () => {
  const { scheduler, order } = setup();
  const cause = new TypeError('oops');
  const { done } = scheduler.submit(order([1], { onClip: () => Promise.reject(cause) }));
  await assert.rejects(done, (error: ProtocolError) => error.code === 'internal' && error.cause === cause);
});

test('at most two results of a job are held: the engine waits for a slow taker', async () => {
  const { engine, scheduler, order } = setup();
  let take = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    take = resolve;
  });
  const { done } = scheduler.submit(order([1, 2, 3, 4], { onClip: () => slow }));
  for (let i = 0; i < 100; i++) await turn();
  assert.deepEqual(engine.finished, [1, 2]);
  take();
  await done;
  assert.deepEqual(engine.finished, [1, 2, 3, 4]);
});

test('draining lets open jobs finish, refuses new ones, and ends the rest when time is up', async () => {
  const patient = setup();
  const job = patient.scheduler.submit(patient.order([1, 2]));
  const drained = patient.scheduler.drain(60_000);
  assert.throws(() => patient.scheduler.submit(patient.order([3])), { code: 'shutting_down' });
  await drained;
  assert.equal(await outcome(job), 'done');

  const hasty = setup();
  hasty.engine.hold();
  const stuck = [1, 2].map((seed) => hasty.scheduler.submit(hasty.order([seed])));
  const outcomes = Promise.all(stuck.map(outcome));
  await hasty.scheduler.drain(0);
  assert.deepEqual(await outcomes, ['shutting_down', 'shutting_down']);
});
