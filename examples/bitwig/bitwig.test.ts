import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertSound, example, freeUdpPort, stage } from '../test/stage.ts';
import { stubStudio } from './stub-host.ts';

test('the controller script, with a stub of Bitwig, puts clips into the selected slot', async (t) => {
  const { server } = await stage(t);
  const studio = await stubStudio(await readFile(example('bitwig/foleyd.control.js'), 'utf8'), {
    send: Number(new URL(server.osc).port),
    reply: Number(await freeUdpPort()),
  });
  t.after(() => studio.close());

  studio.press('Generate');
  assert.deepEqual(await studio.next(), { text: 'foleyd: select a slot of an audio track' });

  studio.select(3);
  studio.press('Generate');
  assert.ok(studio.pinned());
  studio.select(5);
  const first = await studio.next();
  assert.ok('file' in first, JSON.stringify(first));
  assert.equal(first.slot, 3, 'the slot that was selected when it was asked for');
  await assertSound(first.file);
  assert.ok(!studio.pinned());

  studio.set('Class', 'Unicorn');
  studio.press('Generate');
  const failed = await studio.next();
  assert.ok('text' in failed);
  assert.match(failed.text, /^foleyd: unknown_class: /);
  assert.ok(!studio.pinned());
});
