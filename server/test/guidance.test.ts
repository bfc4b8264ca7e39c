/** Guidance from a client's side: defaults of the card, recipes, variations, hits and files. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CommandName, EventData, Events } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { argsOf, readClip } from '../cli/like.ts';
import { resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-guidance-'));
const [data, models] = [path.join(folder, 'data'), path.join(folder, 'models')];
const fixtures = fileURLToPath(new URL('../../models/fixtures', import.meta.url));

/** A voice with this much guidance of its own. */
function guided(id: string, sampling: object | null): void {
  const dir = path.join(models, id);
  cpSync(path.join(fixtures, 'tiny'), dir, { recursive: true });
  if (sampling === null) return;
  const file = path.join(dir, 'card.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), sampling }));
}

let app: App;
before(async () => {
  guided('plain', null);
  guided('guided', { guidance: { default: 1, classes: { Rain: 2 } } });
  app = await createApp(
    resolveConfig({ data, models, voice: 'guided', listen: false, logLevel: 'silent', output: 'none' }, {}),
  );
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;
const call = <N extends CommandName>(cmd: N, args: Record<string, unknown>) =>
  app.connect().call(cmd, args) as Promise<Done<N>>;

/** A saved clip: its file's path, its recipe and its codes. */
async function made(cmd: 'foley.generate' | 'foley.vary' | 'foley.branch', args: Record<string, unknown>) {
  const { clips } = await call(cmd, { save: true, audio: false, ...args });
  const { clip } = await call('clip.get', { clip: clips[0]!.clip });
  return { id: clip.clip, file: clip.path, codes: clip.codes!, recipe: clip.recipe as Record<string, unknown> };
}

test('a clip that asks for no guidance has its class’s from the card, and its recipe says so', async () => {
  const bark = await made('foley.generate', { class: 'DogBark', seed: 3 });
  const rain = await made('foley.generate', { class: 'Rain', seed: 3 });
  const mix = await made('foley.generate', { class: { DogBark: 1, Rain: 1 }, seed: 3 });
  assert.deepEqual([bark.recipe.guidance, rain.recipe.guidance, mix.recipe.guidance], [1, 2, 1.5]);
  assert.deepEqual((await made('foley.generate', { class: 'DogBark', seed: 3, guidance: 1 })).codes, bark.codes);
  const off = await made('foley.generate', { class: 'DogBark', seed: 3, guidance: 0 });
  const plain = await made('foley.generate', { class: 'DogBark', seed: 3, voice: 'plain' });
  assert.deepEqual([off.codes, off.recipe.guidance, plain.recipe.guidance], [plain.codes, 0, 0]);
  assert.notDeepEqual(off.codes, bark.codes);
});

test('what is avoided changes the clip, needs guidance, and must be a class', async () => {
  const rain = { class: 'Rain', seed: 4, voice: 'plain' };
  const one = await made('foley.generate', { ...rain, guidance: 1 });
  const other = await made('foley.generate', { ...rain, avoid: { Keyboard: 1, gunshot: 3 } });
  assert.deepEqual([other.recipe.guidance, other.recipe.avoid], [1, { Keyboard: 0.25, GunShot: 0.75 }]);
  assert.notDeepEqual(other.codes, one.codes);
  await assert.rejects(
    made('foley.generate', { ...rain, avoid: 'Keyboard', guidance: 0 }),
    failed('bad_args', /avoid/),
  );
  await assert.rejects(made('foley.generate', { ...rain, avoid: 'Wind' }), failed('unknown_class', /Wind/));
  await assert.rejects(made('foley.generate', { ...rain, avoid: { Keyboard: -1 } }), failed('bad_args', /Keyboard/));
  await assert.rejects(made('foley.generate', { ...rain, guidance: 9 }), failed('bad_args', /guidance/));
});

test('the recipe in a file makes the same clip again; one of before there was guidance makes it without', async () => {
  for (const args of [
    { class: 'Rain', seed: 5 },
    { class: 'Rain', seed: 5, guidance: 0.5, avoid: { Keyboard: 1, DogBark: 2 } },
  ]) {
    const first = await made('foley.generate', args);
    const { recipe } = await readClip(first.file);
    const again = await made('foley.generate', argsOf(recipe));
    assert.deepEqual([again.codes, again.recipe], [first.codes, first.recipe]);
    const { guidance, avoid, avoidWeights, ...older } = recipe;
    const without = await made('foley.generate', { class: 'Rain', seed: 5, guidance: 0 });
    assert.deepEqual((await made('foley.generate', argsOf(older))).codes, without.codes);
    assert.notDeepEqual(without.codes, first.codes);
  }
});

test('a variation and a branch keep the guidance of their clip with its class', async () => {
  const avoid = { Keyboard: 1 };
  const { id } = await made('foley.generate', { class: 'Rain', seed: 6, guidance: 0.5, avoid });
  const recipeOf = async (cmd: 'foley.vary' | 'foley.branch', args: object) => {
    const { recipe } = await made(cmd, { clip: id, seed: 7, count: 1, ...args });
    return [recipe.guidance, recipe.avoid];
  };
  assert.deepEqual(await recipeOf('foley.vary', {}), [0.5, avoid]);
  assert.deepEqual(await recipeOf('foley.branch', {}), [0.5, avoid]);
  assert.deepEqual(await recipeOf('foley.vary', { guidance: 3 }), [3, avoid]);
  assert.deepEqual(await recipeOf('foley.vary', { guidance: 0 }), [0, undefined]);
  assert.deepEqual(await recipeOf('foley.vary', { avoid: 'DogBark' }), [0.5, 'DogBark']);
  assert.deepEqual(await recipeOf('foley.vary', { class: 'Rain' }), [2, undefined]);
  const off = await made('foley.generate', { class: 'Rain', seed: 6, guidance: 0 });
  const varied = await made('foley.vary', { clip: off.id, seed: 7 });
  const avoiding = await made('foley.vary', { clip: off.id, seed: 7, avoid: 'DogBark' });
  assert.deepEqual([varied.recipe.guidance, avoiding.recipe.guidance], [0, 2]);
});

test('a longer clip is guided to its end', async () => {
  const args = { class: 'Rain', seed: 8, length: 0.7, exact: true };
  const [off, on] = [await made('foley.generate', { ...args, guidance: 0 }), await made('foley.generate', args)];
  const own = (codes: number[]) => codes.slice(codes.length / 2);
  assert.ok(on.codes.length > 48);
  assert.notDeepEqual(own(on.codes), own(off.codes));
  assert.deepEqual((await made('foley.generate', args)).codes, on.codes);
});

test('a map’s clips have its guidance, and a hit tells it', async () => {
  const map = { class: 'Rain', ready: 1 };
  await call('trigger.map', { id: 'own', ...map });
  await call('trigger.map', { id: 'other', ...map, guidance: 3, avoid: 'Keyboard' });
  const { hits: own } = await call('trigger.fire', { id: 'own' });
  const { hits: other } = await call('trigger.fire', { id: 'other' });
  assert.deepEqual([own[0]!.guidance, other[0]!.guidance], [2, 3]);
  const wrong = { ...map, id: 'wrong', guidance: 0, avoid: 'Keyboard' };
  await assert.rejects(call('trigger.map', wrong), failed('bad_args', /avoid/));
});

test('files and comparisons of voices are made with guidance of their own', async () => {
  const rows = [
    { class: 'Rain', seed: 9 },
    { class: 'Rain', seed: 9, guidance: 1, avoid: 'Keyboard:0.25+GunShot:0.75' },
    { class: 'Rain', seed: 9, guidance: 0, avoid: 'Keyboard' },
  ];
  const done = await call('clip.batch', { rows });
  assert.deepEqual([done.files, done.skipped], [2, 1]);
  const { clips } = await call('clip.list', { class: 'Rain', limit: 2 });
  const recipes = await Promise.all(clips.map(async ({ clip }) => (await call('clip.get', { clip })).clip.recipe!));
  assert.deepEqual(new Set(recipes.map(({ guidance }) => guidance)), new Set([1, 2]));
  const compared = await call('voice.compare', { voices: ['guided', 'plain'], class: 'Rain', seed: 1, save: true });
  const each = await Promise.all(
    compared.clips.map(async ({ clip }) => (await call('clip.get', { clip })).clip.recipe!),
  );
  assert.deepEqual(
    each.map(({ guidance }) => guidance),
    [2, 0],
  );
});

test('a voice whose card asks for guidance out of range is refused, and the others are not', async () => {
  guided('wild', { guidance: { default: 80 } });
  await assert.rejects(made('foley.generate', { class: 'Rain', voice: 'wild' }), failed('voice_corrupt', /guidance/));
  assert.equal((await made('foley.generate', { class: 'Rain', seed: 1 })).recipe.guidance, 2);
});
