/** A broker whose disk has little room. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { openBroker } from './broker.ts';
import { CLIPS, OUTCOMES, VOICES } from './names.ts';
import { skip, TestBroker } from './test/broker.ts';

test('a broker with little more room than a power of two holds clips and voices, and is opened by all', {
  skip,
}, async (t) => {
  const store = 130 * 2 ** 20;
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-conf-'));
  const file = path.join(dir, 'nats.conf');
  await writeFile(file, `jetstream { store_dir: $FOLEYD_NATS_STORE, max_file_store: ${store} }\n`);
  const broker = await TestBroker.start(['--config', file]);
  t.after(async () => {
    await broker.stop();
    await rm(dir, { recursive: true });
  });
  for (let turn = 0; turn < 2; turn++) {
    const nats = await connect({ servers: new URL(broker.url).host });
    try {
      const { manager } = await openBroker(nats);
      const streams = [`KV_${OUTCOMES}`, `OBJ_${VOICES}`, `OBJ_${CLIPS}`];
      const configs = await Promise.all(streams.map(async (name) => (await manager.streams.info(name)).config));
      assert.deepEqual(
        configs.map(({ max_bytes, discard }) => [max_bytes / 2 ** 20, discard]),
        [
          [64, 'old'],
          [32, 'new'],
          [16, 'old'],
        ],
      );
    } finally {
      await nats.close();
    }
  }
});
