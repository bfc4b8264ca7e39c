import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stop } from './stop.ts';

test('a signal that is asked for after the end has ended, for the first reason, and is the same for everybody', () => {
  const stop = new Stop();
  const [first, second] = [new Error('first'), new Error('second')];
  stop.abort(first);
  stop.abort(second);
  assert.equal(stop.aborted, true);
  assert.equal(stop.signal.aborted, true);
  assert.equal(stop.signal.reason, first);
  assert.equal(stop.signal, stop.signal);
});

test('who has the signal hears of the end once', () => {
  const stop = new Stop();
  const heard: unknown[] = [];
  stop.signal.addEventListener('abort', () => heard.push(stop.signal.reason));
  assert.equal(stop.aborted, false);
  stop.abort('gone');
  stop.abort('again');
  assert.deepEqual(heard, ['gone']);
});
