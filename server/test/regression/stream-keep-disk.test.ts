/** A clip of a stream was saved and then named: where the disk failed in between, its request failed and the clip was there. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createApp } from '../../app.ts';
import { resolveConfig } from '../../config.ts';
import { failed } from '../support/failed.ts';
import { memoryLog, temporary } from '../support/server.ts';
import { arm, faultsOf, install, told } from '../torture/disk.ts';

test('whichever write of stream.keep fails, there is no clip, the stream plays on, and the next one is whole', async (t) => {
  const data = path.join(await temporary(t), 'data');
  const models = fileURLToPath(new URL('../../../models/fixtures', import.meta.url));
  await install(data);
  t.after(() => arm(null));
  const place = { data, models, voice: 'tiny-stacked', port: 0, oscPort: 'off', output: 'none' } as const;
  const app = await createApp(resolveConfig({ ...place, limits: { drainMs: 0 } }, {}), { log: memoryLog().log });
  t.after(() => app.close());
  const client = app.connect();
  let heard = (): void => undefined;
  const sounds = new Promise<void>((resolve) => (heard = resolve));
  const args = { class: 'Hiss', as: 'rain', seed: 1, live: true };
  let ends = 0;
  const playing = client.call('stream.start', args, ({ event }) => void (event === 'audio' && heard()));
  playing.then(
    () => (ends += 1),
    () => (ends += 1),
  );
  await sounds;
  const keep = (name: string) => client.call('stream.keep', { stream: 'rain', seconds: 0.2, name });
  const names = async () => {
    const { clips } = (await client.call('clip.list', {})) as { clips: { name: string }[] };
    return clips.map(({ name }) => name);
  };
  arm(null);
  await keep('first');
  const { steps } = told();
  assert.ok(steps.length >= 8, `${steps.length} writes: two files, each written, synced and named`);
  const saved = ['first'];
  for (const [at, step] of steps.entries()) {
    for (const fault of faultsOf[step].filter((one) => one !== 'kill')) {
      const what = `${step}-${at}-${fault}`;
      arm({ fault, at });
      await assert.rejects(
        keep(what),
        failed('io_error', fault === 'EIO' ? /could not be written: .*EIO/ : /the disk is full/),
      );
      assert.equal(told().failed, 1, what);
      arm(null);
      assert.deepEqual(await names(), saved.toReversed(), what);
    }
    await keep(`after-${at}`);
    saved.push(`after-${at}`);
  }
  assert.equal(ends, 0);
  await client.call('stream.stop', { stream: 'rain' });
  await playing;
  assert.equal(ends, 1);
});
