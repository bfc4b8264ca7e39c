/** `voice.nearest`, and candidates too near to a recording, with a small voice and the fingerprints that the trainer wrote of two sounds. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';

type Done = EventData<'voice.nearest', 'done'>;

const fixtures = fileURLToPath(new URL('../../models/fixtures/', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-nearest-'));
const models = path.join(folder, 'models');
let app: App;
let voice: { samples: number; rate: number; classes: string[] };

function withFingerprints(id: string, file: Buffer): void {
  cpSync(path.join(fixtures, 'tiny-stacked'), path.join(models, id), { recursive: true });
  const place = path.join(models, id, 'card.json');
  const card = JSON.parse(readFileSync(place, 'utf8'));
  const { rate, samples } = card.audio;
  voice = { rate, samples, classes: card.classes.map(({ name }: { name: string }) => name) };
  writeFileSync(path.join(models, id, 'fingerprints.npz'), file);
  const sha256 = createHash('sha256').update(file).digest('hex');
  const fingerprints = { file: 'fingerprints.npz', sha256, bytes: file.length };
  writeFileSync(place, JSON.stringify({ ...card, id, fingerprints }));
}

before(async () => {
  withFingerprints('known', readFileSync(path.join(fixtures, 'fingerprints/voice.npz')));
  withFingerprints('broken', Buffer.from('not an archive'));
  cpSync(path.join(fixtures, 'tiny-stacked'), path.join(models, 'plain'), { recursive: true });
  const data = path.join(folder, 'data');
  app = await createApp(resolveConfig({ data, models, voice: 'known', listen: false, logLevel: 'silent' }, {}));
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** The sound that the trainer made a fingerprint of, as 16-bit samples (`golden/fingerprints.py`). */
function sound(number: number, gain = 1): Uint8Array {
  const out = new DataView(new ArrayBuffer(2 * voice.samples));
  for (let i = 0; i < voice.samples; i++) {
    const swell = Math.sin((Math.PI * (number + 1) * i) / voice.samples) ** 2;
    out.setInt16(2 * i, Math.round(32_767 * gain * 0.5 * Math.sin(0.1 * (number + 1) * i) * swell), true);
  }
  return new Uint8Array(out.buffer);
}

const nearest = (args: object) => app.connect('play').call('voice.nearest', args as never) as Promise<Done>;
const recording = (bytes: Uint8Array) => ({ recording: bytes, recordingRate: voice.rate });
const code = (expected: string, message: RegExp) => (error: { code: string; message: string }) => {
  return error.code === expected && message.test(error.message);
};

test('a training recording is found, whatever its level', async () => {
  for (const number of [0, 1]) {
    const { voice: id, recordings } = await nearest(recording(sound(number, 0.3)));
    assert.equal(id, 'known');
    assert.deepEqual([recordings[0]!.name, recordings[0]!.class], [`sound ${number}`, voice.classes[number]]);
    assert.ok(recordings[0]!.likeness > 0.8, `${recordings[0]!.likeness}`);
    assert.ok(recordings[1]!.likeness < recordings[0]!.likeness);
  }
});

test('a saved clip is compared by its id, and as many recordings are named as asked for', async () => {
  const client = app.connect('play');
  const done = (await client.call('foley.generate', { class: voice.classes[0]!, seed: 3, save: true })) as EventData<
    'foley.generate',
    'done'
  >;
  const { recordings, memorised } = await nearest({ clip: done.clips[0]!.clip, count: 1 });
  assert.equal(recordings.length, 1);
  assert.equal(memorised, recordings[0]!.likeness > recordings[0]!.limit);
});

test('in a longer sound the stretch that is a recording is found', async () => {
  const long = new Uint8Array(4 * voice.samples);
  long.set(sound(1), 2 * voice.samples);
  const { recordings } = await nearest(recording(long));
  assert.equal(recordings[0]!.name, 'sound 1');
  assert.ok(recordings[0]!.likeness > 0.95);
});

test('a voice without fingerprints, a broken file and a wrong sound are said, and the next request is answered', async () => {
  const sent = recording(sound(0));
  await assert.rejects(nearest({ ...sent, voice: 'plain' }), code('no_fingerprints', /foley-train fingerprints/));
  await assert.rejects(
    nearest({ ...sent, voice: 'broken' }),
    code('voice_corrupt', /fingerprints of voice broken: .*npz/),
  );
  await assert.rejects(nearest(recording(new Uint8Array(200))), code('bad_args', /silent/));
  await assert.rejects(nearest({}), code('bad_args', /one of clip and recording/));
  await assert.rejects(nearest({ clip: 'none' }), code('unknown_clip', /none/));
  assert.equal((await nearest(sent)).recordings.length, 2);
});
