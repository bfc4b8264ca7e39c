/** Envelopes and spectra from a client's side: the loudness and the average spectrum that a clip follows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CommandName, EventData, Events } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { argsOf, readClip } from '../cli/like.ts';
import { resolveConfig } from '../config.ts';
import { failed } from './support/failed.ts';

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-followed-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
let app: App;
before(async () => {
  const options = { data, models, voice: 'tiny-stacked', listen: false, logLevel: 'silent', output: 'none' } as const;
  app = await createApp(resolveConfig(options, {}));
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;
const call = <N extends CommandName>(cmd: N, args: Record<string, unknown>) =>
  app.connect().call(cmd, args) as Promise<Done<N>>;

async function made(args: Record<string, unknown>) {
  const asked = { class: 'Hiss', seed: 3, save: true, audio: false, ...args };
  const { clips } = await call('foley.generate', asked);
  const { clip } = await call('clip.get', { clip: clips[0]!.clip });
  return { id: clip.clip, file: clip.path, codes: clip.codes!, recipe: clip.recipe as Record<string, unknown> };
}

const loudAtFirst = {
  points: [
    { at: 0, level: -6 },
    { at: 0.1, level: -80 },
  ],
};

test('a clip follows what it is told to, and its recipe makes it again from its file', async () => {
  const [plain, told] = [await made({}), await made({ envelope: loudAtFirst })];
  assert.notDeepEqual(told.codes, plain.codes);
  assert.equal(plain.recipe.envelope, undefined);
  assert.deepEqual(told.recipe.envelope, { ...loudAtFirst, gain: 0 });
  const { recipe } = await readClip(told.file!);
  assert.deepEqual((await made(argsOf(recipe))).codes, told.codes);
});

test('the loudness of a saved clip is followed, and what followed it is made again when that clip is gone', async () => {
  const shape = await made({ seed: 9 });
  const told = await made({ envelope: { clip: shape.id } });
  assert.deepEqual((await made({ envelope: { clip: shape.id } })).codes, told.codes);
  await call('clip.delete', { clip: shape.id });
  await assert.rejects(made({ envelope: { clip: shape.id } }), failed('unknown_clip', /./));
  assert.deepEqual((await made({ envelope: told.recipe.envelope })).codes, told.codes);
});

test('a density makes another clip of the seed, which its recipe makes again from its file', async () => {
  const [plain, off, dense] = [await made({}), await made({ density: 0 }), await made({ density: 12 })];
  assert.deepEqual(off.codes, plain.codes);
  assert.equal(off.recipe.density, undefined);
  assert.notDeepEqual(dense.codes, plain.codes);
  assert.equal(dense.recipe.density, 12);
  const { recipe } = await readClip(dense.file!);
  assert.deepEqual((await made(argsOf(recipe))).codes, dense.codes);
  // A longer one goes on by the same density.
  const long = { length: 1, density: 12 };
  assert.deepEqual((await made(long)).codes, (await made(long)).codes);
  assert.deepEqual((await made(long)).codes.slice(0, dense.codes.length), dense.codes);
  // Of what has no events there is nothing to choose.
  const thud = { class: 'Thud', seed: 4 };
  assert.deepEqual((await made({ ...thud, density: 12 })).codes, (await made(thud)).codes);
});

test('a density beside an envelope, or of a voice that draws no contours, is refused', async () => {
  const refused = failed('bad_args', /args\.density/);
  await assert.rejects(made({ density: 2, envelope: loudAtFirst }), refused);
  await assert.rejects(made({ density: 2, voice: 'tiny', class: 0 }), refused);
  await assert.rejects(
    call('stream.start', { class: 0, voice: 'tiny-time', density: 2, seconds: 1, live: false }),
    refused,
  );
});

test('a longer clip follows its envelope beyond the first piece', async () => {
  const second = { length: 0.5, exact: true };
  const later = (level: number) => ({
    points: [
      { at: 0.3, level: -30 },
      { at: 0.31, level },
    ],
  });
  const [soft, loud] = [await made({ ...second, envelope: later(-80) }), await made({ ...second, envelope: later(0) })];
  const each = 6 * 4 * 3;
  assert.deepEqual(soft.codes.slice(0, each), loud.codes.slice(0, each));
  assert.notDeepEqual(soft.codes, loud.codes);
});

test('a voice that follows no contour says so, and bad envelopes name what is wrong', async () => {
  await assert.rejects(
    made({ voice: 'tiny', class: 'DogBark', envelope: loudAtFirst }),
    failed(
      'bad_args',
      /^args\.envelope: voice tiny was trained without loudness contours and follows none; expected a voice/,
    ),
  );
  await assert.rejects(
    made({ envelope: { points: [{ at: 0, level: 3 }] } }),
    failed('bad_args', /envelope\.points\.0\.level/),
  );
  await assert.rejects(made({ envelope: {} }), failed('bad_args', /expected one of levels, points, cues, clip/));
  await assert.rejects(made({ envelope: { clip: 'nothing' } }), failed('unknown_clip', /nothing/));
});

const dark = {
  points: [
    { hz: 100, level: 0 },
    { hz: 8000, level: -50 },
  ],
};

test('a clip follows a spectrum, and its recipe makes it again from its file', async () => {
  const [plain, told] = [await made({}), await made({ spectrum: dark })];
  assert.notDeepEqual(told.codes, plain.codes);
  assert.equal(plain.recipe.spectrum, undefined);
  assert.deepEqual(told.recipe.spectrum, dark);
  const { recipe } = await readClip(told.file!);
  assert.deepEqual((await made(argsOf(recipe))).codes, told.codes);
});

test('the spectrum of a saved clip is followed, and what followed it is made again when that clip is gone', async () => {
  const colour = await made({ seed: 9 });
  const told = await made({ spectrum: { clip: colour.id }, envelope: loudAtFirst });
  assert.notDeepEqual((await made({ spectrum: dark, envelope: loudAtFirst })).codes, told.codes);
  await call('clip.delete', { clip: colour.id });
  await assert.rejects(made({ spectrum: { clip: colour.id } }), failed('unknown_clip', /./));
  const { spectrum, envelope } = told.recipe;
  assert.equal((spectrum as typeof dark).points.length, 80);
  assert.deepEqual((await made({ spectrum, envelope })).codes, told.codes);
});

test('a voice that follows no spectrum says so, and bad spectra name what is wrong', async () => {
  const why = /^args\.spectrum: voice tiny was trained without average spectra and follows none; expected a voice/;
  await assert.rejects(made({ voice: 'tiny', class: 'DogBark', spectrum: dark }), failed('bad_args', why));
  const falling = { points: [...dark.points].reverse() };
  await assert.rejects(
    made({ spectrum: falling }),
    failed('bad_args', /spectrum\.points: expected rising frequencies/),
  );
  await assert.rejects(made({ spectrum: {} }), failed('bad_args', /expected one of points, clip/));
});
