import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeSounds } from '../../server/test/support/sounds.ts';
import { example, freeUdpPort, lacks, type Stage, stage } from '../test/stage.ts';

const skip = lacks('oscsend', 'oscdump', 'sh');

async function listening(t: TestContext, ...options: string[]): Promise<Stage> {
  const staged = await stage(t, ...options);
  staged.env.FOLEYD_REPLY_PORT = await freeUdpPort();
  return staged;
}

test('retrain.sh hears why it may not, or cannot', { skip }, async (t) => {
  const player = await listening(t);
  assert.match(
    await player.run('sh', [example('osc/retrain.sh'), 'bells', 'beeps'], 1),
    /^failed sss ".+" "forbidden"/m,
  );
  const admin = await listening(t, '--osc-role', 'admin');
  const said = await admin.run('sh', [example('osc/retrain.sh'), 'bells', 'beeps', 'minutes', '0.1'], 1);
  assert.match(said, /^failed sss ".+" "(unknown_dataset|trainer_missing|python_missing)"/m);
});

test('retrain.sh trains a tiny voice from scratch', { skip }, async (t) => {
  const token = 'admin-of-the-test';
  const sounds = mkdtempSync(path.join(tmpdir(), 'foleyd-beeps-'));
  t.after(() => rmSync(sounds, { recursive: true, force: true }));
  writeSounds(sounds, { Beep: 300, Buzz: 900 }, 6);
  const { run, server } = await listening(t, '--osc-role', 'admin', '--admin-token', token, '--dataset-folder', sounds);
  const added = await fetch(`${server.http}/v1/dataset.add`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ dataset: 'beeps', folder: sounds, licence: 'CC0-1.0' }),
  });
  const text = await added.text();
  // Asking for Python beforehand would import PyTorch once more.
  if (/"(python|trainer)_missing"/.test(text)) return t.skip(`training is not tried: ${text}`);
  assert.equal(added.status, 200, text);
  const order = ['bells', 'beeps', 'scratch', 'on', 'preset', 'tiny', 'steps', '12'];
  const said = await run('sh', [example('osc/retrain.sh'), ...order]);
  for (const stageName of ['codec', 'vocoder', 'prior', 'export'])
    assert.match(said, new RegExp(`^training/stage ssii ".+" "${stageName}" \\d 3`, 'm'), said);
  assert.match(said, /^training\/step ssiff /m);
  assert.match(said, /^done: bells/m);
  const listed = await fetch(`${server.http}/v1/voice.list`, { method: 'POST', body: '{}' });
  const { data } = (await listed.json()) as { data: { voices: { id: string; classes: { name: string }[] }[] } };
  assert.deepEqual(
    data.voices.find(({ id }) => id === 'bells')?.classes.map(({ name }) => name),
    ['Beep', 'Buzz'],
  );
});
