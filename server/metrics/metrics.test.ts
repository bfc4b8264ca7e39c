import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newServer } from '../test/support/server.ts';
import { listenForMetrics } from './listen.ts';
import { type Metric, Metrics } from './metrics.ts';

test('GET /metrics tells Prometheus what ended, and what waits, with a token where one is needed', async (t) => {
  const { app, engine } = await newServer(t, { config: { token: 'a-token-of-play' } });
  engine.faults.set(2, 'engine_failed');
  const client = app.connect();
  await client.call('foley.generate', { class: 'DogBark', seed: 1 });
  await assert.rejects(client.call('foley.generate', { class: 'DogBark', seed: 2 }));
  const url = `${app.urls.http}/metrics`;
  assert.equal((await fetch(url)).status, 401);
  const answer = await fetch(url, { headers: { authorization: 'Bearer a-token-of-play' } });
  const text = await answer.text();
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = text.split('\n').filter((line) => line.startsWith('foleyd_'));
  for (const line of [
    'foleyd_jobs_total{outcome="done"} 1',
    'foleyd_jobs_total{outcome="failed"} 1',
    'foleyd_jobs_waiting 0',
    'foleyd_engine_ready 1',
  ])
    assert.ok(lines.includes(line), `${line} is not among\n${lines.join('\n')}`);
  assert.match(text, /^process_cpu_seconds_total /m);
});

test('values are those of the moment, also of those who ask at the same time', async (t) => {
  let value = 1;
  const metrics = new Metrics((): Metric[] => [
    { name: 'some_total', help: 'x', type: 'counter', values: [{ value }] },
  ]);
  const read = async (): Promise<string | undefined> =>
    (await metrics.text()).text.split('\n').find((line) => line.startsWith('some_total '));
  assert.deepEqual(await Promise.all([read(), read()]), ['some_total 1', 'some_total 1']);
  value = 5;
  assert.equal(await read(), 'some_total 5');
  const open = await listenForMetrics(metrics, '127.0.0.1', 0);
  t.after(() => open.close());
  assert.equal((await fetch(`http://127.0.0.1:${open.port}/metrics`)).status, 200);
  assert.equal((await fetch(`http://127.0.0.1:${open.port}/other`)).status, 404);
});
