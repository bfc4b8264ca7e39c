/** Voices beside each other, and voices that go. */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, decodePcm, type EventData } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';
import { newServer } from './support/server.ts';
import { writeVoice } from './support/voice.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-compare-'));
const [data, models] = [path.join(folder, 'data'), path.join(folder, 'models')];
const fixtures = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
let app: App;
before(async () => {
  cpSync(path.join(fixtures, 'tiny'), path.join(models, 'default'), { recursive: true });
  for (const id of ['tiny-vq', 'tiny-freq'])
    cpSync(path.join(fixtures, id), path.join(data, 'voices', id), { recursive: true });
  for (const id of ['a', 'b']) cpSync(path.join(fixtures, 'tiny'), path.join(data, 'voices', id), { recursive: true });
  const given = { data, models, listen: false, logLevel: 'silent', output: 'none', voiceMemory: 1 } as const;
  app = await createApp(resolveConfig(given, {}));
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

type Compared = EventData<'voice.compare', 'done'>;
const compare = (args: Record<string, unknown>, on?: (answer: Answer) => void) =>
  app.connect().call('voice.compare', args, on) as Promise<Compared>;

test('another word for a class is understood, and the last answer says as which', async () => {
  const { clips, understood } = await compare({ voices: ['a', 'b'], class: 'heavy rain', seed: 1 });
  assert.equal(clips.length, 2);
  assert.deepEqual(understood, [{ name: 'heavy rain', class: 'Rain' }]);
});

test('the same seeds by each voice are one job, and each clip is the one that the voice makes alone', async () => {
  const parts = new Map<number, number[]>();
  const events: string[] = [];
  let accepted: EventData<'voice.compare', 'accepted'> | null = null;
  const args = { class: 'Hiss', seed: 5, temperature: 0.8 };
  // Memory for less than one voice: each is loaded, makes its clips, and goes.
  const done = await compare({ voices: ['tiny-vq', 'tiny-freq'], count: 2, ...args }, ({ event, data: told }) => {
    events.push(event);
    if (event === 'accepted') accepted = told as typeof accepted;
    if (event === 'audio')
      parts.set(told.index as number, [
        ...(parts.get(told.index as number) ?? []),
        ...decodePcm(told.pcm as Uint8Array, 'f32'),
      ]);
  });
  const { job, ...rest } = accepted!;
  assert.match(job, /^[0-9a-f]{16}$/);
  assert.deepEqual(rest, { seed: 5, class: 'Hiss', count: 4, voices: ['tiny-vq', 'tiny-freq'] });
  assert.deepEqual(
    done.clips.map(({ index, voice, seed }) => [index, voice, seed]),
    [
      [0, 'tiny-vq', 5],
      [1, 'tiny-vq', 6],
      [2, 'tiny-freq', 5],
      [3, 'tiny-freq', 6],
    ],
  );
  assert.equal(events[0], 'accepted');
  assert.equal(events.filter((event) => event === 'accepted').length, 1);
  assert.ok(events.includes('row'));
  for (const { index, voice, seed, seconds } of done.clips) {
    const alone: number[] = [];
    await app.connect().call('foley.generate', { ...args, voice, seed }, ({ event, data: told }) => {
      if (event === 'audio') alone.push(...decodePcm(told.pcm as Uint8Array, 'f32'));
    });
    assert.deepEqual(parts.get(index), alone, `${voice} ${seed}`);
    const rate = done.voices.find((one) => one.voice === voice)!.rate;
    assert.equal(Math.round(seconds * rate), alone.length);
  }
});

test('cards stand beside each other, and whether their distances compare', async () => {
  const alone = await compare({ voices: ['default', 'tiny-vq'] });
  assert.deepEqual([alone.clips, alone.timings, alone.alike], [[], null, false]);
  const [first] = alone.voices;
  assert.deepEqual(
    [first!.voice, first!.active, first!.preset, first!.classes.length, first!.measured],
    ['default', true, 'fixture', 7, null],
  );
  const score = (id: string, more = {}): void => {
    const card = JSON.parse(readFileSync(path.join(fixtures, id, 'card.json'), 'utf8')) as { hash: string };
    const one = { fad: 12.5, infinity: null, kad: null, named: 0.5 };
    const line = { when: 'w', voice: id, hash: card.hash, embedder: 'e', reference: 'r', clips: 8, seed: 0 };
    appendFileSync(
      path.join(data, 'scores.jsonl'),
      `${JSON.stringify({ ...line, classes: { Rain: { ...one } }, average: one, ...more })}\n`,
    );
  };
  score('tiny');
  score('tiny-vq');
  const again = await createApp(resolveConfig({ data, models, listen: false, logLevel: 'silent', output: 'none' }, {}));
  const ask = (args: Record<string, unknown>) => again.connect().call('voice.compare', args) as Promise<Compared>;
  try {
    const known = await ask({ voices: ['default', 'tiny-vq'] });
    assert.equal(known.alike, true);
    assert.deepEqual(known.voices[0]!.measured?.classes, { Rain: { fad: 12.5, named: 0.5 } });
    assert.equal((await ask({ voices: ['default', 'tiny-freq'] })).alike, false);
  } finally {
    await again.close();
  }
});

test('a class that one of them lacks, a voice twice, and too few or too many are refused', async () => {
  await assert.rejects(compare({ voices: ['default', 'tiny-vq'], class: 'Rain' }), failed('unknown_class', /tiny-vq/));
  await assert.rejects(compare({ voices: ['default', 'nobody'] }), failed('unknown_voice'));
  for (const voices of [['default', 'default'], ['default'], [], Array.from({ length: 9 }, (_, i) => `v${i}`)])
    await assert.rejects(compare({ voices }), failed('bad_args'));
  await assert.rejects(compare({ voices: ['a', 'b'], class: 0, count: 9 }), failed('bad_args'));
});

test('a class by its id is the class of that name in the other voices', async () => {
  const { clips } = await compare({ voices: ['tiny-vq', 'tiny-freq'], class: 2, audio: false });
  assert.equal(clips.length, 2);
});

test('a voice is deleted, but not one that is active, built in, unknown, or the way back', async () => {
  const admin = app.connect('admin');
  const remove = async (voice: string, force = false) => (await admin.call('voice.delete', { voice, force })).deleted;
  await assert.rejects(remove('default'), failed('voice_built_in'));
  await assert.rejects(remove('nobody'), failed('unknown_voice'));
  await assert.rejects(app.connect('play').call('voice.delete', { voice: 'a' }), failed('forbidden'));
  await admin.call('admin.activate', { voice: 'a', force: true });
  await assert.rejects(remove('a', true), failed('voice_in_use', /active/));
  await admin.call('admin.activate', { voice: 'b', force: true });
  await assert.rejects(remove('a'), failed('voice_in_use', /rollback/));
  assert.equal(await remove('a', true), 'a');
  assert.ok(!existsSync(path.join(data, 'voices', 'a')));
  // Another voice of that name was never active: the way back leads past it.
  cpSync(path.join(fixtures, 'tiny'), path.join(data, 'voices', 'a'), { recursive: true });
  assert.equal((await admin.call('admin.rollback')).voice, 'default');
  assert.equal(await remove('b'), 'b');
  await assert.rejects(app.connect().call('foley.generate', { class: 0, voice: 'b' }), failed('unknown_voice'));

  // Both are in the trash, for whoever may delete them; the name of one is taken.
  assert.equal((await app.connect('play').call('trash.list')).total, 0);
  const items = (await admin.call('trash.list')).items as { kind: string; id: string }[];
  assert.deepEqual(
    items.map(({ kind, id }) => [kind, id]),
    [
      ['voice', 'b'],
      ['voice', 'a'],
    ],
  );
  await assert.rejects(admin.call('voice.restore', { voice: 'a' }), failed('already_exists'));
  assert.deepEqual(await admin.call('voice.restore', { voice: 'b' }), { restored: 'b' });
  await app.connect().call('voice.info', { voice: 'b' });
  await assert.rejects(admin.call('voice.restore', { voice: 'b' }), failed('unknown_voice', /trash/));
  assert.equal((await admin.call('trash.empty', {})).removed, 1);
  await assert.rejects(admin.call('voice.restore', { voice: 'a' }), failed('unknown_voice'));
});

test('a voice that a job works with, waiting or running, is not deleted; nor one that a map plays, unless forced', async (t) => {
  const server = await newServer(t, { config: { output: 'none' } });
  const own = path.join(server.data, 'voices');
  await writeVoice(own, 'mine');
  const admin = server.app.connect('admin');
  const remove = async (force = false) => (await admin.call('voice.delete', { voice: 'mine', force })).deleted;
  server.engine.hold();
  let begun: () => void = () => undefined;
  const accepted = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const clip = server.app.connect().call('foley.generate', { class: 'Rain', voice: 'mine' }, ({ event }) => {
    if (event === 'accepted') begun();
  });
  await accepted;
  await assert.rejects(remove(true), failed('voice_in_use', /job [0-9a-f]{16}/));
  server.engine.release();
  await clip;
  const map = { id: 'pad', class: 'Rain', voice: 'mine', ready: 1, source: { note: 36 } };
  await admin.call('trigger.map', map);
  while (((await admin.call('pool.info')) as { pools: { ready: number }[] }).pools[0]!.ready === 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await assert.rejects(remove(), failed('voice_in_use', /map pad/));
  assert.equal(await remove(true), 'mine');
  assert.ok(!existsSync(path.join(own, 'mine')));
});
