/** A browser or `curl` without `-d` that asks for a command by GET is told how commands are called. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { newServer } from '../support/server.ts';

test('a command answers 405 with Allow to every method but POST; other paths are still unknown', async (t) => {
  const { app } = await newServer(t);
  for (const method of ['GET', 'DELETE', 'PATCH']) {
    const answer = await fetch(`${app.urls.http}/v1/server.info`, { method });
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST, OPTIONS'], method);
    assert.match(((await answer.json()) as { data: { message: string } }).data.message, /by POST/);
  }
  assert.equal((await fetch(`${app.urls.http}/v1/server.none`)).status, 404);
  assert.equal((await fetch(`${app.urls.http}/v1/server.info`, { method: 'POST', body: '{}' })).status, 200);
});
