/** Saved clips, from a client's side: list, name, star, export and delete. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRecipe } from '../audio/recipe.ts';
import { decodeWav } from '../audio/wav.ts';
import { clipServer } from './support/clips.ts';
import { failed } from './support/failed.ts';

const { call, made } = clipServer();

test('clips are found, named, starred, exported and deleted', async () => {
  const { ids } = await made('foley.generate', { class: 'GunShot', seed: 31, count: 3 });
  const found = await call('clip.list', { class: 'gunshot', limit: 2 });
  assert.equal(found.total, 3);
  assert.deepEqual(
    found.clips.map(({ seed }) => seed),
    [33, 32],
  );
  const next = await call('clip.list', { class: 'gunshot', limit: 2, after: found.next! });
  assert.deepEqual(
    next.clips.map(({ clip }) => clip),
    [ids[0]],
  );
  await call('clip.rename', { clip: ids[0], name: 'far away' });
  await call('clip.star', { clip: ids[0] });
  const [starred] = (await call('clip.list', { starred: true })).clips;
  assert.deepEqual([starred!.clip, starred!.name], [ids[0], 'far away']);
  const exported = await call('clip.export', { clip: ids[0], rate: 48_000, gain: -6 });
  assert.match(exported.name, /^GUNMisc_far away_FOLEYD_NONE_s31\.wav$/);
  const [file, own] = [decodeWav(readFileSync(exported.path!)), decodeWav(readFileSync(starred!.path))];
  assert.equal(file.rate, 48_000);
  assert.equal(file.pcm.length, Math.round((own.pcm.length * 48_000) / own.rate));
  const { delivery, ...kept } = readRecipe(file.info.comment!)!;
  assert.deepEqual(kept, readRecipe(own.info.comment!));
  assert.equal((delivery as { rate: number }).rate, 48_000);
  assert.match((await call('clip.export', { clip: ids[0] })).name, /_s31-2\.wav$/);
  await assert.rejects(call('clip.export', { clip: ids[0], name: '../up' }), failed('bad_args'));
  await assert.rejects(call('clip.delete', { clip: ids[0] }), failed('bad_args', /starred/));
  await call('clip.star', { clip: ids[0], starred: false });
  await call('clip.delete', { clip: ids[0] });
  for (const cmd of ['clip.get', 'clip.delete', 'clip.export', 'foley.vary', 'foley.branch'] as const)
    await assert.rejects(call(cmd, { clip: ids[0] }), failed('unknown_clip'));
});
