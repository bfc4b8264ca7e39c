import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newServer } from '../test/support/server.ts';
import { connectWs } from '../test/support/ws-client.ts';
import { workplace } from './test/bin.ts';

test('foleyd jobs lists the queue, and pauses, moves, resumes and cancels a job of it', async (t) => {
  const server = await newServer(t, { config: { token: 'a-play-token', adminToken: 'an-admin-token' } });
  server.engine.hold();
  const client = await connectWs(server.app, undefined, { headers: { authorization: 'Bearer a-play-token' } });
  const asked = [1, 2, 3].map((seed) => client.ask('foley.generate', { class: 'Rain', seed }));
  const ids: string[] = [];
  for (const one of asked) ids.push((await one.first('accepted')).data.job as string);
  const { foleyd } = await workplace(t);
  const there = ['--url', String(server.app.urls.ws), '--token', 'an-admin-token'];
  const ran = await foleyd('jobs', '--pause', ids[1]!, '--move', ids[2]!, ...there);
  assert.deepEqual([ran.code, ran.stderr], [0, '']);
  const lines = ran.stdout.trim().split('\n');
  assert.equal(lines.length, 3);
  assert.ok(lines.some((line) => line.startsWith(`${ids[1]}  paused  0 of 1  foley.generate, ends with its client`)));
  const wrong = await foleyd('jobs', '--pause', '0'.repeat(16), ...there);
  assert.deepEqual([wrong.code === 0, wrong.stdout], [false, '']);
  assert.match(wrong.stderr, /unknown_job: no job of this id is open/);
  const nothing = await foleyd('jobs', '--cancel', '0'.repeat(16), ...there);
  assert.deepEqual([nothing.code, nothing.stdout], [1, '']);
  assert.match(nothing.stderr, /unknown_job: no job "0{16}" is open/);
  const after = await foleyd('jobs', '--resume', ids[1]!, '--cancel', ids[2]!, '--json', ...there);
  const told = JSON.parse(after.stdout) as { job: string; state: string }[];
  assert.deepEqual(
    told.filter(({ job }) => job !== ids[0]).map(({ job, state }) => [job, state]),
    [[ids[1], 'queued']],
  );
  assert.equal((await asked[2]!.end).data.code, 'cancelled');
  server.engine.release();
  assert.deepEqual([(await asked[0]!.end).event, (await asked[1]!.end).event], ['done', 'done']);
  await client.close();
  assert.match((await foleyd('jobs', ...there)).stderr, /no jobs/);
});
