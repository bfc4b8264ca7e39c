import assert from 'node:assert/strict';
import test from 'node:test';
import { type JobEvent, JobEventBus } from './job-events.ts';

const started: JobEvent = { type: 'started', waitedMs: 1 };
const unexpected = (error: unknown): void => assert.fail(String(error));
const ended: JobEvent = { type: 'ended', outcome: 'done', code: null, ranMs: 2 };

test('a listener hears its own job and no other; a listener to all hears both', () => {
  const bus = new JobEventBus(unexpected);
  const heard: string[] = [];
  const everything: string[] = [];
  bus.subscribe('a', (event) => heard.push(event.type));
  bus.subscribe(null, (event, job) => everything.push(`${job} ${event.type}`));
  bus.publish('a', started);
  bus.publish('b', started);
  assert.deepEqual(heard, ['started']);
  assert.deepEqual(everything, ['a started', 'b started']);
});

test('a listener that throws is reported and the next one still hears', () => {
  const errors: unknown[] = [];
  const bus = new JobEventBus((error) => errors.push(error));
  let heard = 0;
  bus.subscribe('a', () => {
    throw new Error('no');
  });
  bus.subscribe('a', () => heard++);
  bus.publish('a', started);
  assert.equal(heard, 1);
  assert.equal(errors.length, 1);
});

test('the end of a job and the last unsubscription both forget the job', () => {
  const bus = new JobEventBus(unexpected);
  bus.subscribe('a', () => undefined);
  const stop = bus.subscribe('b', () => undefined);
  assert.equal(bus.jobs, 2);
  bus.publish('a', ended);
  stop();
  assert.equal(bus.jobs, 0);
});
