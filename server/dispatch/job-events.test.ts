import assert from 'node:assert/strict';
import test from 'node:test';
import { type JobEvent, JobEventBus } from './job-events.ts';

const started: JobEvent = { type: 'started', waitedMs: 1 };

test('a listener hears every job until it stops', () => {
  const bus = new JobEventBus((error) => assert.fail(String(error)));
  const heard: string[] = [];
  const stop = bus.subscribe((event, job) => heard.push(`${job} ${event.type}`));
  bus.publish('a', started);
  bus.publish('b', started);
  stop();
  bus.publish('a', started);
  assert.deepEqual(heard, ['a started', 'b started']);
});

test('a listener that throws is reported and the next one still hears', () => {
  const errors: unknown[] = [];
  const bus = new JobEventBus((error) => errors.push(error));
  let heard = 0;
  bus.subscribe(() => {
    throw new Error('no');
  });
  bus.subscribe(() => heard++);
  bus.publish('a', started);
  assert.equal(heard, 1);
  assert.equal(errors.length, 1);
});
