import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { pause } from './pause.ts';

test('a pause ends with its signal at once, and leaves no listener behind', async () => {
  const ending = new AbortController();
  await pause(1, ending.signal);
  assert.equal(getEventListeners(ending.signal, 'abort').length, 0);
  const long = pause(3_600_000, ending.signal);
  ending.abort();
  await long;
  await pause(3_600_000, ending.signal);
});
