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

test('whatever answers one method refuses the others by 405 and says which it takes', async (t) => {
  const { app } = await newServer(t);
  const made = (await app.connect().call('foley.generate', { class: 0, save: true, audio: false })) as { clip: string };
  const read = 'GET, HEAD, OPTIONS';
  const takes = {
    '/health': read,
    '/metrics': read,
    '/console': read,
    '/': read,
    [`/clips/${made.clip}.wav`]: read,
    '/v1/voice.export': 'GET, HEAD, POST, OPTIONS',
    '/v1/voice.import': 'POST, PUT, OPTIONS',
  };
  for (const [path, allow] of Object.entries(takes)) {
    for (const method of allow === read ? ['POST', 'PUT', 'DELETE'] : ['DELETE', 'PATCH']) {
      const answer = await fetch(app.urls.http + path, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, allow], `${method} ${path}`);
    }
    const asked = await fetch(app.urls.http + path, { method: 'OPTIONS' });
    assert.deepEqual([asked.status, asked.headers.get('allow')], [204, allow]);
  }
});

test('no cache keeps that a range is not there', async (t) => {
  const { app } = await newServer(t);
  const made = (await app.connect().call('foley.generate', { class: 0, save: true, audio: false })) as { clip: string };
  const answer = await fetch(`${app.urls.http}/clips/${made.clip}.wav`, { headers: { range: 'bytes=99999999-' } });
  assert.deepEqual([answer.status, answer.headers.get('cache-control')], [416, 'no-store']);
});
