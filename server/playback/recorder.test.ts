import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { createPlayback } from './create.ts';

const click = Float32Array.of(0.5, 0, 0, 0);
const isLinux = process.platform === 'linux';

for (const [what, record, why] of [
  ['in a folder that is not there', '/no/such/folder/out.wav', 'no such file or folder'],
  ['on a full disk', '/dev/full', 'the disk is full'],
] as const)
  test(`a recording ${what} is a warning, and playback goes on`, {
    skip: isLinux ? false : 'needs /dev/full',
  }, async (t) => {
    const said: string[] = [];
    const playback = await createPlayback({
      output: 'none',
      record,
      log: (level, text) => said.push(`${level} ${text}`),
    });
    t.after(() => playback.close());
    for (let i = 0; i < 3; i++) {
      const hit = playback.play(playback.prepare(click, 48_000), { at: playback.now() + 20 });
      assert.equal(await hit.ended, 'played');
    }
    assert.equal(playback.info().state, 'headless');
    assert.match(playback.info().problem ?? '', new RegExp(`nothing is recorded: ${why}`));
    assert.equal(said.filter((line) => line.startsWith('warn nothing is recorded')).length, 1);
    await playback.close();
  });

test('a recording is whole when playback ends', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-record-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const record = path.join(folder, 'out.wav');
  const playback = await createPlayback({ output: 'none', record });
  await playback.play(playback.prepare(click, 48_000)).ended;
  await playback.close();
  const bytes = readFileSync(record);
  assert.equal(bytes.readUInt32LE(54), bytes.length - 58);
});

test('a recording never replaces one that is there', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-record-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const record = path.join(folder, 'out.wav');
  const said: string[] = [];
  const kept = new Map<string, Buffer>();
  for (let start = 0; start < 3; start++) {
    const playback = await createPlayback({ output: 'none', record, log: (_, text) => said.push(text) });
    await playback.play(playback.prepare(click, 48_000)).ended;
    await playback.close();
    for (const [name, bytes] of kept) assert.ok(readFileSync(path.join(folder, name)).equals(bytes), name);
    for (const name of readdirSync(folder)) kept.set(name, readFileSync(path.join(folder, name)));
  }
  const names = ['out.wav', 'out-2.wav', 'out-3.wav'];
  assert.deepEqual(readdirSync(folder).sort(), [...names].sort());
  assert.deepEqual(
    said.filter((text) => text.startsWith('recording')),
    names.map((name) => `recording to ${path.join(folder, name)}`),
  );
});
