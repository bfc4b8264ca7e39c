import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Trash } from '../util/trash.ts';
import type { NewClip } from './clip.ts';
import { ClipStore } from './store.ts';

const recipe = {
  voice: 'a'.repeat(64),
  voiceId: 'v',
  class: 'Rain',
  classWeights: [1],
  seed: 1,
  temperature: 1,
  topK: 0,
  topP: 1,
  rate: 22_050,
};
/** The test's own encoding is one byte per sample, so sizes are plain. */
const clip = (...bytes: number[]): NewClip => ({ pcm: Float32Array.from(bytes), rate: 22_050, format: 'f32', recipe });
const sized = (bytes: number): NewClip => clip(...new Array<number>(bytes).fill(0));

async function store(t: TestContext, bounds: { maxClips?: number; maxBytes?: number; dir?: string } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-clips-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const dir = bounds.dir ?? path.join(root, 'clips');
  const problems: string[] = [];
  const trash = new Trash({
    dir: path.join(root, 'trash'),
    days: 30,
    maxBytes: 1e6,
    log: (_, message) => problems.push(message),
  });
  const open = () =>
    ClipStore.open({
      dir,
      trash,
      encode: ({ pcm }) => new Uint8Array(pcm),
      maxClips: bounds.maxClips ?? 100,
      maxBytes: bounds.maxBytes ?? 1e6,
      log: (_, message) => problems.push(message),
    });
  return { root, dir, problems, trash, open, clips: await open() };
}

test('a saved clip is found under its id with the same bytes', async (t) => {
  const { clips, dir } = await store(t);
  const saved = await clips.save(clip(1, 2, 3));
  assert.match(saved.id, /^[0-9a-f]{16}$/);
  assert.deepEqual(await clips.find(saved.id), saved);
  assert.deepEqual([...(await readFile(saved.path))], [1, 2, 3]);
  assert.deepEqual((await readdir(dir)).sort(), [`${saved.id}.json`, `${saved.id}.wav`]);
});

test('what is not an id finds nothing, wherever it points', async (t) => {
  const { clips, root } = await store(t);
  await writeFile(path.join(root, '0123456789abcdef.wav'), 'x');
  for (const id of ['../0123456789abcdef', '0123456789ABCDEF', '', '.', 'a'.repeat(17), '0123456789abcdef']) {
    assert.equal(await clips.find(id), null, id);
  }
});

test('the oldest clips go when there are too many, the newest stays', async (t) => {
  const { clips } = await store(t, { maxClips: 2 });
  const saved = [];
  for (let i = 0; i < 4; i++) saved.push(await clips.save(sized(8)));
  assert.deepEqual(
    saved.map(({ path: file }) => existsSync(file)),
    [false, false, true, true],
  );
  assert.deepEqual(clips.usage, { clips: 2, bytes: 16 });
});

test('the oldest clips go when they are too large together, and a clip larger than the bound is still kept', async (t) => {
  const { clips } = await store(t, { maxBytes: 100 });
  const first = await clips.save(sized(60));
  const second = await clips.save(sized(200));
  assert.equal(await clips.find(first.id), null);
  assert.equal((await clips.find(second.id))?.bytes, 200);
});

test('clips of an earlier run count by their age; files of others are left alone', async (t) => {
  const { dir, clips, open } = await store(t, { maxClips: 2 });
  const a = await clips.save(sized(1));
  const b = await clips.save(sized(1));
  // As an older server left them.
  for (const { id } of [a, b]) await rm(path.join(dir, `${id}.json`));
  await utimes(a.path, 2000, 2000);
  await utimes(b.path, 1000, 1000);
  await writeFile(path.join(dir, 'notes.wav'), 'mine');
  await writeFile(path.join(dir, '.0123456789abcdef.tmp'), 'half');
  const again = await open();
  await again.save(sized(1));
  assert.ok(existsSync(a.path));
  assert.ok(!existsSync(b.path));
  assert.ok(existsSync(path.join(dir, 'notes.wav')));
  assert.ok(!existsSync(path.join(dir, '.0123456789abcdef.tmp')));
});

test('saving at the same time loses no clip', async (t) => {
  const { clips } = await store(t);
  const saved = await Promise.all(Array.from({ length: 20 }, (_, i) => clips.save(clip(i))));
  assert.equal(new Set(saved.map(({ id }) => id)).size, 20);
  for (const [i, { path: file }] of saved.entries()) assert.deepEqual([...(await readFile(file))], [i]);
});

test('a folder that cannot exist is reported at once and saving says io_error', async (t) => {
  const { root } = await store(t);
  const file = path.join(root, 'file');
  await writeFile(file, 'in the way');
  const { clips, problems } = await store(t, { dir: path.join(file, 'clips') });
  assert.equal(problems.length, 1);
  await assert.rejects(clips.save(sized(1)), { code: 'io_error' });
});

test('a deleted clip is in the trash with its recipe, and comes back as it was', async (t) => {
  const { clips, dir, trash, open } = await store(t);
  const [{ id }, young] = [
    await clips.save({ ...clip(1, 2, 3), codes: Uint16Array.of(4, 5) }),
    await clips.save(clip(1)),
  ];
  await clips.change(id, { name: 'door' });
  const before = await clips.get(id);
  const item = await clips.remove(id);
  assert.equal(item?.bytes, before.bytes + Buffer.byteLength(await readFile(path.join(item!.dir, `${id}.json`))));
  assert.deepEqual(await clips.trashed(item!), { name: 'door', class: 'Rain' });
  assert.equal(await clips.find(id), null);
  assert.deepEqual((await readdir(dir)).sort(), [`${young.id}.json`, `${young.id}.wav`]);
  assert.deepEqual(await clips.restore(id), before);
  assert.deepEqual(await trash.list(), []);
  // The older one again: it is the first to go for the bounds.
  for (const each of [clips, await open()])
    assert.deepEqual(
      each.list({ limit: 9 }).clips.map((one) => one.id),
      [young.id, id],
    );
  assert.deepEqual(clips.usage, { clips: 2, bytes: 4 });
  await assert.rejects(clips.restore(id), { code: 'unknown_clip' });
});
