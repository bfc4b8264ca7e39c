/** Envelopes and spectra from a client's side: the loudness and the average spectrum that a clip follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type CommandName, decodePcm, encodePcm } from '../../protocol/index.ts';
import { joined } from '../audio/join.ts';
import { encodeWav } from '../audio/wav.ts';
import { argsOf, readClip } from '../cli/like.ts';
import { type Done, tinyServer } from './support/clips.ts';
import { failed } from './support/failed.ts';

const app = tinyServer('tiny-stacked');

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

test('the loudness of a recording is followed, and what followed it is made again without it', async () => {
  const taps = Float32Array.from({ length: 3000 }, (_, i) => (i < 600 ? 0.8 * Math.sin(i) : 0));
  const wav = encodeWav(taps, 22_050, 's16');
  const told = await made({ envelope: { recording: wav } });
  assert.notDeepEqual(told.codes, (await made({})).codes);
  const bare = { recording: encodePcm(taps, 's16'), recordingRate: 22_050 };
  const { levels } = told.recipe.envelope as { levels: number[] };
  assert.ok(levels[0]! > -20 && levels.at(-1)! === -90, levels.join());
  assert.deepEqual((await made({ envelope: bare })).recipe.envelope, told.recipe.envelope);
  assert.deepEqual((await made({ envelope: told.recipe.envelope })).codes, told.codes);
  const refused = (why: RegExp) => failed('bad_args', why);
  for (const [recording, why] of [
    [new Uint8Array(0), /^args\.envelope\.recording: .*empty/],
    ['no base64!', /^args\.envelope\.recording: expected base64/],
    [encodeWav(new Float32Array(3000), 22_050, 's16'), /^args\.envelope\.recording: it is silent/],
    [encodeWav(taps.subarray(0, 20), 22_050, 's16'), /^args\.envelope\.recording: .*shorter than one mel frame/],
  ] as const)
    await assert.rejects(made({ envelope: { recording } }), refused(why));
  // A line of a sheet brings no sound with it.
  await assert.rejects(
    call('clip.batch', { rows: [{ class: 'Hiss', envelope: { recording: wav } }] }),
    refused(/args\.rows\.0\.envelope/),
  );
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

/** The sound that a command told, and what it ended with. */
async function heard<N extends 'foley.generate' | 'trigger.fire'>(cmd: N, args: Record<string, unknown>) {
  const parts: Float32Array[] = [];
  let rate = 0;
  const done = (await app.connect().call(cmd, { format: 'f32', ...args }, ({ event, data: told }) => {
    if (event !== 'audio') return;
    parts.push(decodePcm(told.pcm as Uint8Array, 'f32'));
    rate = told.rate as number;
  })) as Done<N>;
  return { done, rate, pcm: joined(parts) };
}

test('clips of a map have its density, hits tell it, and their seeds make the clips again', async () => {
  const map = { id: 'steps', class: 'Hiss', ready: 2, candidates: 1, fadeOut: 0 };
  await call('trigger.map', { ...map, density: 12 });
  while ((await call('pool.info', { id: 'steps' })).pools[0]!.ready < 2) await pause(20);
  const { done, rate, pcm } = await heard('trigger.fire', { id: 'steps', audio: true, play: false });
  const { seed, density, temperature, guidance, from } = done.hits[0]!;
  assert.deepEqual([from, density], ['pool', 12]);
  const again = { class: 'Hiss', seed, temperature, guidance, rate };
  assert.deepEqual((await heard('foley.generate', { ...again, density })).pcm, pcm);
  // What is ready is of the density before: nothing of it is played.
  await call('trigger.edit', { id: 'steps', change: { density: 0 } });
  const { hits } = await call('trigger.fire', { id: 'steps', wait: true });
  assert.equal(hits[0]!.density, undefined);
  await call('trigger.unmap', { id: 'steps' });
});

test('a map, a row or a cue whose density cannot be is refused as a clip of its own is', async () => {
  const refused = (path: RegExp) => failed('bad_args', path);
  const map = { id: 'steps', class: 'Hiss' };
  await assert.rejects(call('trigger.map', { ...map, density: 21 }), refused(/args\.density: .*20/));
  await assert.rejects(call('trigger.map', { ...map, density: -1 }), refused(/args\.density/));
  const none = { ...map, class: 0, voice: 'tiny', density: 2 };
  await assert.rejects(call('trigger.map', none), refused(/args\.density: voice tiny draws no loudness contours/));
  const row = { class: 'Hiss', density: 2 };
  const both = { ...row, envelope: loudAtFirst };
  await assert.rejects(call('clip.batch', { rows: [row, both] }), refused(/args\.rows\.1\.density: envelope says/));
  await assert.rejects(
    call('foley.spot', { cues: [{ ...both, at: 1 }] }),
    refused(/args\.cues\.0\.density: envelope says/),
  );
  const sheet = (cell: string): string => `Start,Name,Density,Envelope\n1,Hiss,2,\n2,Hiss,${cell}\n`;
  await assert.rejects(call('foley.spot', { sheet: sheet('many,') }), refused(/line 3, column Density: /));
  await assert.rejects(call('foley.spot', { sheet: sheet('21,') }), refused(/line 3, column Density: .*20/));
  await assert.rejects(
    call('foley.spot', { sheet: sheet('2,"0:-6,0.1:-60"') }),
    refused(/line 3, column Density: envelope says/),
  );
});

test('rows of a sheet and cues have densities of their own, and cues that of the request', async () => {
  const recipesOf = async (cmd: 'clip.batch' | 'foley.spot', args: Record<string, unknown>) => {
    const clips: [number, string][] = [];
    const done = (await app.connect().call(cmd, args, ({ event, data: told }) => {
      if (event === 'file') clips.push([told.index as number, told.clip as string]);
    })) as Done<'clip.batch'>;
    assert.equal(done.skipped, 0);
    const inOrder = clips.toSorted(([a], [b]) => a - b);
    return Promise.all(inOrder.map(async ([, clip]) => (await call('clip.get', { clip })).clip));
  };
  const row = { class: 'Hiss', seed: 3 };
  const rows = [row, { ...row, density: 12 }, { ...row, density: 0 }];
  const [plain, dense, off] = await recipesOf('clip.batch', { rows });
  assert.deepEqual(
    [plain, dense, off].map((clip) => clip!.recipe!.density),
    [undefined, 12, undefined],
  );
  assert.deepEqual(dense!.codes, (await made({ density: 12 })).codes);
  assert.deepEqual([plain!.codes, off!.codes], Array(2).fill((await made({})).codes));
  const cues = [{}, { density: 4 }, { density: 0 }, { envelope: loudAtFirst }];
  const asked = { cues: cues.map((cue, at) => ({ ...row, ...cue, at })), density: 12 };
  const spotted = await recipesOf('foley.spot', asked);
  assert.deepEqual(
    spotted.map(({ recipe }) => recipe!.density),
    [12, 4, undefined, undefined],
  );
  assert.deepEqual(spotted[0]!.codes, dense!.codes);
  const sheet = 'Start;Name;Density;Seed\n1;Hiss;2,5;3\n2;Hiss;;4\n';
  const read = await recipesOf('foley.spot', { sheet, density: 6 });
  assert.deepEqual(
    read.map(({ recipe }) => recipe!.density),
    [2.5, 6],
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
