/** Clips that are longer or shorter than the voice's own, from a client's side. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipServer, cols, rows } from './support/clips.ts';

const { made, codesOf } = clipServer();

test('a longer clip goes on where the voice’s own ends, a shorter one ends where it is quiet', async () => {
  const plain = await made('foley.generate', { class: 'Rain', seed: 12 });
  const seconds = plain.pcm[0]!.length / plain.rate;
  const long = await made('foley.generate', { class: 'Rain', seed: 12, length: seconds * 2.6, count: 2, exact: true });
  assert.equal(long.pcm.length, 2);
  for (const pcm of long.pcm) assert.equal(pcm.length, Math.round(seconds * 2.6 * long.rate));
  // Its beginning is the clip itself, up to where the next piece comes in.
  const untouched = Math.floor(plain.pcm[0]!.length * 0.55);
  assert.deepEqual(long.pcm[0]!.slice(0, untouched), plain.pcm[0]!.slice(0, untouched));
  assert.notDeepEqual(long.pcm[0], long.pcm[1]);
  assert.equal(long.rows[0]!.size, rows);
  const short = await made('foley.generate', { class: 'Rain', seed: 12, length: seconds / 2 });
  assert.ok(short.pcm[0]!.length <= (seconds / 2) * short.rate && short.pcm[0]!.length > (seconds / 3) * short.rate);
  const shaped = await made('foley.generate', { class: 'Rain', seed: 12, reverse: true, gain: -6, fadeOut: 0.01 });
  const [there, back] = [plain.pcm[0]!, shaped.pcm[0]!.slice().reverse()];
  const middle = there.length >> 1;
  assert.ok(Math.abs(back[middle]! - there[middle]! * 10 ** (-6 / 20)) < 1e-6);
});

test('a longer clip is kept as codes too: the same again, varied piece by piece, or made longer still', async () => {
  const short = await made('foley.generate', { class: 'Rain', seed: 12 });
  const seconds = short.pcm[0]!.length / short.rate;
  const [length, exact] = [seconds * 2.6, true];
  const long = await made('foley.generate', { class: 'Rain', seed: 12, length, exact });
  const codes = await codesOf(long.ids[0]!);
  const cells = rows * cols;
  assert.equal(codes.length, 5 * cells);
  const [clip] = long.ids;
  const same = await made('foley.vary', { clip, amount: 0, seed: 99 });
  assert.deepEqual(same.pcm, long.pcm);
  assert.deepEqual(await codesOf(same.ids[0]!), codes);
  const other = await made('foley.vary', { clip, codebooks: 1, seed: 4 });
  assert.equal(other.pcm[0]!.length, long.pcm[0]!.length);
  const own = await codesOf(other.ids[0]!);
  for (let piece = 0; piece < 5; piece++) {
    const at = piece * cells;
    assert.deepEqual(own.slice(at, at + cells / 2), codes.slice(at, at + cells / 2), 'the first codebook is kept');
    assert.notDeepEqual(own.slice(at + cells / 2, at + cells), codes.slice(at + cells / 2, at + cells));
  }
  // Made longer with nothing drawn anew: the clip itself, then ends of their own.
  const longer = await made('foley.vary', { clip: short.ids[0], amount: 0, length, exact, seed: 50, count: 2 });
  const untouched = Math.floor(short.pcm[0]!.length * 0.55);
  for (const pcm of longer.pcm) assert.deepEqual(pcm.slice(0, untouched), short.pcm[0]!.slice(0, untouched));
  assert.notDeepEqual(longer.pcm[0], longer.pcm[1]);
  const again = await made('foley.vary', { clip: longer.ids[1], amount: 0 });
  assert.deepEqual(again.pcm[0], longer.pcm[1]);
  const branches = await made('foley.branch', { clip, row: 4, count: 2, seed: 1 });
  assert.equal(branches.pcm[0]!.length, long.pcm[0]!.length);
});
