import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../protocol/index.ts';
import { writeRecipe } from '../audio/recipe.ts';
import { encodeWav } from '../audio/wav.ts';
import type { NewClip } from './clip.ts';
import { readSidecar, writeSidecar } from './sidecar.ts';
import { ClipStore } from './store.ts';

const recipe = (of: string | Record<string, number>) => ({
  voice: 'ab'.repeat(32),
  voiceId: 'v',
  class: of,
  classWeights: [1],
  seed: 7,
  temperature: 1,
  topK: 0,
  topP: 1,
  rate: 22_050,
});
const clip = (of: string | Record<string, number> = 'Rain', change: Partial<NewClip> = {}): NewClip => ({
  pcm: new Float32Array(2205),
  rate: 22_050,
  format: 's16' as const,
  recipe: recipe(of),
  ...change,
});

async function folder(t: TestContext, bounds: { maxClips?: number } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-recipes-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const dir = path.join(root, 'clips');
  const problems: string[] = [];
  const open = () =>
    ClipStore.open({
      dir,
      encode: ({ pcm, rate, format, recipe: made }) =>
        encodeWav(pcm, rate, format, { comment: writeRecipe({ ...made }) }),
      maxClips: bounds.maxClips ?? 1000,
      maxBytes: 1e9,
      log: (_, message) => problems.push(message),
    });
  return { root, dir, problems, open, clips: await open() };
}

test('codes, given cells, lineage and shape come back as they were, also after a restart', async (t) => {
  const { clips, open } = await folder(t);
  const codes = Uint16Array.from({ length: 1720 }, (_, i) => (i * 37) % 65_536);
  const given = Uint8Array.from({ length: 1720 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const lineage = { how: 'varied' as const, from: '0123456789abcdef', amount: 0.3 };
  const { id } = await clips.save(
    clip('Rain', { codes, given, seeds: [7, 4294967295], lineage, shape: { gain: -3, reverse: true } }),
  );
  for (const store of [clips, await open()]) {
    const stored = await store.get(id);
    assert.deepEqual([stored.codes, stored.given, stored.seeds], [codes, given, [7, 4294967295]]);
    assert.deepEqual([stored.lineage, stored.shape], [lineage, { gain: -3, reverse: true }]);
    assert.deepEqual(stored.recipe, recipe('Rain'));
    assert.ok(Math.abs(stored.seconds - 0.1) < 1e-9);
  }
});

test('a clip of an older server lists from its comment, and can be named and starred', async (t) => {
  const { clips, dir, open } = await folder(t);
  const { id } = await clips.save(clip({ Rain: 0.5, DogBark: 0.5 }));
  await rm(path.join(dir, `${id}.json`));
  const again = await open();
  const [entry] = again.list({ limit: 5, class: 'dogbark' }).clips;
  assert.deepEqual([entry?.id, entry?.seed, entry?.voiceId], [id, 7, 'v']);
  assert.ok(Math.abs((entry?.seconds ?? 0) - 0.1) < 1e-9);
  assert.equal((await again.get(id)).codes, null);
  await again.change(id, { name: 'low growl', starred: true });
  const [named] = (await open()).list({ limit: 5, text: 'GROWL', starred: true }).clips;
  assert.deepEqual([named?.id, named?.created], [id, entry?.created]);
});

test('pages go from the newest to the oldest without a gap, also when clips go in between', async (t) => {
  const { clips } = await folder(t);
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.unshift((await clips.save(clip(i % 2 ? 'Rain' : 'DogBark'))).id);
  const first = clips.list({ limit: 3 });
  assert.deepEqual([first.clips.map(({ id }) => id), first.total], [ids.slice(0, 3), 7]);
  await clips.remove(ids[2]!);
  const rest = clips.list({ limit: 10, after: first.next! });
  assert.deepEqual([rest.clips.map(({ id }) => id), rest.next], [ids.slice(3), null]);
  assert.equal(clips.list({ limit: 10, class: 'Rain' }).total, 3);
  assert.throws(() => clips.list({ limit: 1, after: '../x' }), { code: 'bad_args', path: 'args.after' });
});

test('starred clips stay, whatever the bounds; as many as are kept may be starred', async (t) => {
  const { clips, open } = await folder(t, { maxClips: 2 });
  const first = await clips.save(clip());
  await clips.change(first.id, { starred: true });
  for (let i = 0; i < 3; i++) await clips.save(clip());
  assert.ok(existsSync(first.path));
  assert.equal(clips.usage.clips, 2);
  const second = clips.list({ limit: 1 }).clips[0]!;
  await clips.change(second.id, { starred: true });
  const third = await clips.save(clip());
  await assert.rejects(clips.change(third.id, { starred: true }), { code: 'bad_args', path: 'args.starred' });
  assert.equal((await open()).list({ limit: 9, starred: true }).total, 2);
});

test('a removed clip is gone with its recipe; what is not there is unknown', async (t) => {
  const { clips, dir } = await folder(t);
  const { id } = await clips.save(clip());
  await clips.remove(id);
  assert.deepEqual(await readdir(dir), []);
  for (const missing of [id, '../../etc/passwd', ''])
    for (const ask of [clips.get(missing), clips.read(missing), clips.remove(missing), clips.change(missing, {})])
      await assert.rejects(ask, { code: 'unknown_clip' });
});

test('what a crash leaves between two files is cleared away; files of others are not', async (t) => {
  const { clips, dir, open } = await folder(t);
  const { id } = await clips.save(clip());
  const orphan = readFile(path.join(dir, `${id}.json`));
  await writeFile(path.join(dir, '00000000000000aa.json'), await orphan);
  await writeFile(path.join(dir, '00000000000000bb.json'), '{"mine": true}');
  await writeFile(path.join(dir, `.${id}-00000000.tmp`), 'half');
  await mkdir(path.join(dir, '00000000000000cc.wav'));
  await symlink('/etc/hostname', path.join(dir, '00000000000000dd.wav'));
  await writeFile(path.join(dir, '00000000000000ee.wav'), 'no sound');
  const again = await open();
  assert.deepEqual(
    again
      .list({ limit: 9 })
      .clips.map((entry) => entry.id)
      .sort(),
    ['00000000000000ee', id].sort(),
  );
  assert.equal((await again.get('00000000000000ee')).recipe, null);
  assert.equal(await again.find('00000000000000dd'), null);
  const left = await readdir(dir);
  assert.ok(left.includes('00000000000000bb.json') && !left.includes('00000000000000aa.json'));
  assert.ok(!left.some((name) => name.endsWith('.tmp')));
});

test('changes of one clip at the same time are all kept', async (t) => {
  const { clips } = await folder(t);
  const { id } = await clips.save(clip());
  await Promise.all([
    clips.change(id, { name: 'a' }),
    clips.change(id, { starred: true }),
    clips.change(id, { name: 'b' }),
  ]);
  const { name, starred } = await clips.get(id);
  assert.deepEqual([name, starred], ['b', true]);
});

test('whatever a sidecar holds, it is read as one or not at all', async (t) => {
  const good = writeSidecar({
    created: 1,
    name: '',
    starred: false,
    seconds: 1,
    recipe: recipe('Rain'),
    codes: Uint16Array.of(1, 2, 3),
    given: Uint8Array.of(1, 0, 1),
    seeds: [5],
    lineage: null,
    shape: null,
    delivery: null,
    origin: null,
    makers: null,
  });
  const whole = JSON.parse(good) as Record<string, unknown>;
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(whole)), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
      const read = readSidecar(JSON.stringify({ ...whole, [key]: value }));
      if (read === null) return;
      assert.ok(read.codes === null || read.codes.every((code) => Number.isInteger(code)));
      assert.ok(read.given === null || read.given.length === read.codes?.length);
      assert.deepEqual(readSidecar(writeSidecar(read)), read);
    }),
  );
  fc.assert(fc.property(fc.string(), fc.nat(good.length), (text, at) => void readSidecar(good.slice(0, at) + text)));
  // The same through the store: the clip stays listed by what its WAV says.
  const { clips, dir, open } = await folder(t);
  const { id, path: wav } = await clips.save(clip());
  for (const text of ['', '{}', '[]', 'null', good.slice(0, 80), '\0', '{"format":"foleyd-clip","version":2}']) {
    await writeFile(path.join(dir, `${id}.json`), text);
    const again = await open();
    assert.equal(again.list({ limit: 2 }).clips[0]?.class, 'Rain', text);
    assert.equal((await again.get(id)).recipe?.seed, 7);
  }
  for (const size of [0, 11, 43, 60, 200]) {
    await truncate(wav, size);
    assert.equal((await open()).list({ limit: 2 }).total, 1);
  }
});

test('a clip that cannot be written leaves nothing behind', async (t) => {
  const { clips, dir } = await folder(t);
  await rm(dir, { recursive: true });
  await writeFile(dir, 'in the way');
  await assert.rejects(clips.save(clip()), (error) => error instanceof ProtocolError && error.code === 'io_error');
  assert.equal(clips.usage.clips, 0);
});
