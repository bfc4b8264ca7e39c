/** A batch whose clips a full disk did not take made them all, left every one out, and was done. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { failed } from '../support/failed.ts';
import { memoryLog, temporary } from '../support/server.ts';
import { arm, install } from '../torture/disk.ts';
import { scriptedModels } from '../torture/server.ts';

const ROWS = 20;

test('a batch ends with io_error at the first clips that cannot be saved, and is done when there is room again', async (t) => {
  const data = path.join(await temporary(t), 'data');
  // The order and the notes of a job are small: they find room where a clip does not.
  await install(path.join(data, 'clips'));
  t.after(() => arm(null));
  const engine = new ScriptedEngine({ samples: 64 });
  const place = { data, models: await scriptedModels(), port: 0, oscPort: 'off', output: 'none' } as const;
  const config = resolveConfig({ ...place, limits: { drainMs: 0, deliverFreeDisk: 0 } }, {});
  const app = await createApp(config, { engine, log: memoryLog().log });
  t.after(() => app.close());
  await app.ready;
  const client = app.connect();
  const asked = {
    'clip.batch': { rows: Array.from({ length: ROWS }, (_, seed) => ({ class: '0', seed })) },
    'foley.spot': { cues: Array.from({ length: ROWS }, (_, at) => ({ at, class: '0' })) },
  };
  for (const [cmd, args] of Object.entries(asked)) {
    arm({ fault: 'ENOSPC', at: 0, times: Number.POSITIVE_INFINITY });
    const before = engine.requests.length;
    const left: string[] = [];
    await assert.rejects(
      client.call(cmd as 'clip.batch', args as never, ({ event }) => void left.push(event)),
      failed('io_error', /the disk is full/),
    );
    assert.ok(!left.includes('skipped'), 'what is wrong with the disk is no fault of a clip');
    assert.ok(engine.requests.length - before < ROWS, `${engine.requests.length - before} clips for nothing`);
    arm(null);
    const { jobs } = (await client.call('job.list', {})) as { jobs: { state: string }[] };
    assert.deepEqual(
      jobs.filter(({ state }) => ['queued', 'running'].includes(state)),
      [],
    );
    const done = await client.call(cmd as 'clip.batch', args as never);
    assert.deepEqual([done.files, done.skipped], [ROWS, 0]);
  }
});
