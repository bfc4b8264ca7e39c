/** Variations and branches of clips and recordings, and stretches made anew, from a client's side. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeWav } from '../audio/wav.ts';
import { clipServer, cols, type Done, rows } from './support/clips.ts';
import { failed } from './support/failed.ts';

const { call, made, codesOf } = clipServer();

test('with everything kept it is the same clip; with n codebooks or rows kept those are the same', async () => {
  const original = await made('foley.generate', { class: 'Rain', seed: 3 });
  const [clip] = original.ids;
  const codes = await codesOf(clip!);
  const same = await made('foley.vary', { clip, amount: 0, seed: 77 });
  assert.deepEqual(same.pcm, original.pcm);
  assert.deepEqual(await codesOf(same.ids[0]!), codes);
  for (const [keep, kept] of [
    [{ codebooks: 1 }, 4],
    [{ keepRows: 3 }, 3],
    [{ codebooks: 0 }, 0],
  ] as const) {
    const varied = await made('foley.vary', { clip, ...keep, seed: 9, count: 2 });
    for (const id of varied.ids) {
      const own = await codesOf(id);
      assert.deepEqual(own.slice(0, kept * cols), codes.slice(0, kept * cols));
      assert.notDeepEqual(own.slice(kept * cols), codes.slice(kept * cols));
    }
    assert.equal(varied.rows[1]!.size, rows);
  }
  const { lineage } = (await call('clip.get', { clip: same.ids[0] })).clip;
  assert.deepEqual(lineage, { how: 'varied', from: clip, amount: 0 });
});

test('the more is drawn anew, the more cells differ, and a smaller change is part of a larger one', async () => {
  const { ids } = await made('foley.generate', { class: 'Keyboard', seed: 5 });
  const codes = await codesOf(ids[0]!);
  let before = new Set<number>();
  for (const amount of [0.2, 0.4, 0.6, 1]) {
    const varied = await made('foley.vary', { clip: ids[0], amount, seed: 8 });
    const own = await codesOf(varied.ids[0]!);
    const changed = new Set(own.flatMap((code, cell) => (code === codes[cell] ? [] : [cell])));
    assert.ok(changed.size > before.size, `${amount}: ${changed.size} cells differ, ${before.size} before`);
    if (amount < 0.35)
      assert.ok(
        [...changed].every((cell) => cell >= 4 * cols),
        'the body is kept',
      );
    before = changed;
  }
  const again = await made('foley.vary', { clip: ids[0], amount: 0.5, seed: 8 });
  const once = await made('foley.vary', { clip: ids[0], amount: 0.5, seed: 8 });
  assert.deepEqual(again.pcm, once.pcm);
});

test('a recording is varied as a clip is; what is no recording is refused', async () => {
  const pcm = Float32Array.from({ length: 6144 }, (_, i) => 0.4 * Math.sin(i * i * 1e-4));
  const wav = Buffer.from(encodeWav(pcm, 22050, 'f32')).toString('base64');
  const bare = Buffer.from(pcm.buffer).toString('base64');
  const first = await made('foley.vary', { recording: wav, class: 'Rain', amount: 0, seed: 1 });
  const second = await made('foley.vary', {
    recording: bare,
    recordingRate: 22050,
    recordingFormat: 'f32',
    class: 'Rain',
    amount: 0,
    seed: 1,
  });
  assert.deepEqual(first.pcm, second.pcm);
  const asBytes = new Uint8Array(Buffer.from(wav, 'base64'));
  const third = await made('foley.vary', { recording: asBytes, class: 'Rain', amount: 0, seed: 1 });
  assert.deepEqual(third.pcm, first.pcm);
  const part = await made('foley.vary', { recording: wav, class: 'Rain', codebooks: 1, seed: 2 });
  assert.deepEqual((await codesOf(part.ids[0]!)).slice(0, 24), (await codesOf(first.ids[0]!)).slice(0, 24));
  const silence = Buffer.from(encodeWav(new Float32Array(99), 22050, 's16')).toString('base64');
  // A file that was cut off holds the samples that are there.
  const cut = await made('foley.vary', { recording: asBytes.slice(0, -2), class: 'Rain', amount: 0, seed: 1 });
  assert.deepEqual(await codesOf(cut.ids[0]!), await codesOf(third.ids[0]!));
  for (const recording of ['bm8gc291bmQ=', 'not base64!', silence, new Uint8Array(0), asBytes.slice(0, 40)]) {
    await assert.rejects(call('foley.vary', { recording, class: 'Rain' }), failed('bad_args', /recording/));
  }
  await assert.rejects(call('foley.vary', { recording: wav }), failed('bad_args', /needs a class/));
});

test('codes that were sent sound as the clip does that they are of, and are varied as it is', async () => {
  const { ids, pcm } = await made('foley.generate', { class: 'Keyboard', seed: 8 });
  const codes = await codesOf(ids[0]!);
  const same = await made('foley.vary', { codes, class: 'Keyboard', amount: 0, seed: 8 });
  assert.deepEqual(same.pcm, pcm);
  const [one, other] = await Promise.all(
    [{ codes, class: 'Keyboard' }, { clip: ids[0] }].map((of) => made('foley.vary', { ...of, amount: 0.6, seed: 9 })),
  );
  assert.deepEqual(one!.pcm, other!.pcm);
  // Two grids are a clip of two pieces, each told by its own codes.
  const twice = await made('foley.vary', { codes: [...codes, ...codes], class: 'Keyboard', amount: 0, seed: 8 });
  assert.ok(twice.pcm[0]!.length > 1.4 * pcm[0]!.length);
  assert.equal((await codesOf(twice.ids[0]!)).length, 2 * codes.length);
  for (const wrong of [codes.slice(1), [...codes, 0], codes.with(3, 60_000)])
    await assert.rejects(call('foley.vary', { codes: wrong, class: 'Rain' }), failed('bad_args', /args\.codes/));
  await assert.rejects(call('foley.vary', { codes }), failed('bad_args', /needs a class/));
  await assert.rejects(call('foley.vary', { codes, clip: ids[0], class: 'Rain' }), failed('bad_args', /one of/));
});

test('branches of a clip have its beginning and futures of their own', async () => {
  const { ids } = await made('foley.generate', { class: 'DogBark', seed: 4 });
  const codes = await codesOf(ids[0]!);
  const futures = await made('foley.branch', { clip: ids[0], row: 4, count: 3, seed: 20 });
  const grids = await Promise.all(futures.ids.map(codesOf));
  for (const grid of grids) assert.deepEqual(grid.slice(0, 4 * cols), codes.slice(0, 4 * cols));
  assert.equal(new Set(grids.map(String)).size, 3);
  for (const known of futures.rows)
    assert.deepEqual(
      [...known.keys()].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  const { lineage } = (await call('clip.get', { clip: futures.ids[2] })).clip;
  assert.deepEqual(lineage, { how: 'branched', from: ids[0], row: 4 });
  await assert.rejects(
    call('foley.branch', { clip: ids[0], row: 9 }),
    failed('bad_args', /expected at most 8: the clip has 8 rows/),
  );
});

test('a clip that is being made can be branched while it goes on', async () => {
  let branched: Promise<Done<'foley.branch'>[]> | null = null;
  let job = '';
  const original = await call(
    'foley.generate',
    { class: 'Rain', seed: 6, count: 30, save: true },
    ({ event, data: given }) => {
      if (event === 'accepted') job = given.job as string;
      if (event === 'row' && given.index === 0 && given.row === 3)
        branched = Promise.all([
          call('foley.branch', { job, count: 2, seed: 1, save: true, row: 4 }),
          // As far as it has come, which may be its end by then.
          call('foley.branch', { job, seed: 1, save: true }),
        ]);
    },
  );
  const [there, soFar] = await branched!;
  const all = [original.clips[0]!, ...there!.clips, ...soFar!.clips];
  const [first, one, other, late] = await Promise.all(all.map(({ clip }) => codesOf(clip)));
  for (const branch of [one!, late!]) assert.deepEqual(branch.slice(0, 4 * cols), first!.slice(0, 4 * cols));
  assert.notDeepEqual(one, other);
  await assert.rejects(call('foley.branch', { job }), failed('unknown_job'));
});

test('a clip of another voice is refused by its hash', async () => {
  const { ids } = await made('foley.generate', { class: 'Beep', seed: 2, voice: 'tiny-time' });
  await assert.rejects(call('foley.vary', { clip: ids[0], voice: 'tiny' }), failed('wrong_voice'));
  assert.equal((await made('foley.vary', { clip: ids[0], seed: 1 })).pcm.length, 1);
});

test('only a stretch of a clip is made anew: outside of it every sample stays, also of a shaped clip', async () => {
  for (const shape of [{}, { trim: 0.02, length: 0.2, exact: true, gain: -6 }, { reverse: true }]) {
    const original = await made('foley.generate', { class: 'Rain', seed: 3, ...shape });
    const [pcm, { rate }] = [original.pcm[0]!, original];
    const stretch = { from: 0.06, to: 0.14 };
    const { ids, pcm: varied } = await made('foley.vary', { clip: original.ids[0], ...stretch, seed: 9, count: 2 });
    for (const other of varied) {
      assert.equal(other.length, pcm.length);
      const differ = [...other.keys()].filter((i) => other[i] !== pcm[i]);
      assert.ok(differ.length > 0.02 * rate, `${differ.length} samples differ`);
      assert.ok(
        differ[0]! >= Math.round(0.06 * rate) && differ.at(-1)! < Math.round(0.14 * rate),
        JSON.stringify(shape),
      );
    }
    const { clip } = await call('clip.get', { clip: ids[0] });
    assert.deepEqual(clip.lineage?.stretch, stretch);
    // A second stretch begins with the sound of the first, whatever the codes would give.
    const { pcm: again } = await made('foley.vary', { clip: ids[0], from: 0.15, seed: 4 });
    assert.deepEqual(again[0]!.subarray(0, Math.round(0.15 * rate)), varied[0]!.subarray(0, Math.round(0.15 * rate)));
  }
});

test('a stretch of a recording longer than a clip is made anew, at its rate', async () => {
  const rate = 32_000;
  const pcm = Float32Array.from({ length: rate }, (_, i) => 0.5 * Math.sin(i * 0.05) * Math.sin(i * 0.001));
  const recording = encodeWav(pcm, rate, 'f32');
  const vary = (args: object) => made('foley.vary', { recording, class: 'Rain', seed: 1, ...args });
  const { pcm: varied, rate: told } = await vary({ from: 0.5, to: 0.6 });
  assert.deepEqual([told, varied[0]!.length], [rate, pcm.length]);
  const differ = [...pcm.keys()].filter((i) => varied[0]![i] !== pcm[i]);
  assert.ok(differ.length > 0.03 * rate && differ[0]! >= 0.5 * rate && differ.at(-1)! < 0.6 * rate);
  for (const [args, message] of [
    [{ from: 0.1, to: 0.9 }, /^args\.to: the stretch lasts 0\.80 s; expected at most/],
    [{ from: 0.5, to: 0.5 }, /args\.to/],
    [{ from: 0.5, to: 0.501 }, /expected at least/],
    [{ from: 2 }, /^args\.from: the sound ends at 1\.000 s/],
    [{ from: 0.9, to: 1.5 }, /^args\.to: the sound ends/],
    [{ from: 0.5, to: 0.6, length: 1 }, /keep the length/],
    [{ from: Number.NaN }, /args\.from/],
  ] as const)
    await assert.rejects(vary(args), failed('bad_args', message), JSON.stringify(args));
});
