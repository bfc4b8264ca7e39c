import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Grid } from './code-grid.ts';
import { crossfadeOf, joinPieces, pieceOffset, pieceSeed, piecesOf, secondsOf, startOfNext } from './continuation.ts';

const RATE = 8000;
const [codebooks, bands, times] = [2, 3, 11];
/** Rows are places in time and columns the rest: nothing may assume which is which. */
const perTime = codebooks * bands;
const cellOf = (cell: number) => ({ time: Math.floor(cell / perTime), of: cell % perTime });
const indices = (at: (cell: number) => number) => Uint32Array.from({ length: perTime * times }, (_, cell) => at(cell));
const grid: Grid = {
  rows: times,
  perRow: perTime,
  codes: 512,
  codebooks,
  times,
  seconds: 1.1,
  columnSeconds: 0.1,
  codebookOf: indices((cell) => Math.floor(cellOf(cell).of / bands)),
  frequencyOf: indices((cell) => cellOf(cell).of % bands),
  timeOf: indices((cell) => cellOf(cell).time),
};

test('there are as many pieces as the seconds take, and no more', () => {
  const counts = [0.5, 1.1, 1.1001, 1.7, 1.7001, 4.1].map((seconds) => piecesOf(grid, seconds).count);
  assert.deepEqual(counts, [1, 1, 2, 2, 3, 6]);
  for (const count of [1, 2, 3, 30]) assert.equal(piecesOf(grid, secondsOf(grid, count)).count, count);
});

test('a piece begins with the codes that the one before ends with, place by place', () => {
  const pieces = piecesOf(grid, 3);
  const codes = Uint16Array.from({ length: perTime * times }, (_, cell) => cell);
  const { codes: next, given } = startOfNext(pieces, codes);
  for (let cell = 0; cell < next.length; cell++) {
    const known = cell < pieces.shared * perTime;
    assert.equal(given[cell], known ? 1 : 0);
    if (known) assert.equal(next[cell], cell + pieces.own * perTime);
  }
  const known = { codes: codes.map(() => 500), given: Uint8Array.from(codes, (_, cell) => cell % 2) };
  const both = startOfNext(pieces, codes, known);
  assert.equal(both.codes[0], pieces.own * perTime, 'the end of the piece before goes first');
  assert.ok(both.given.every((one, cell) => one === (cell < pieces.shared * perTime || cell % 2 === 1 ? 1 : 0)));
});

test('seeds of pieces are uint32, the clip’s own first, each another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      const seeds = Array.from({ length: 40 }, (_, piece) => pieceSeed(seed, piece));
      assert.equal(seeds[0], seed);
      assert.equal(new Set(seeds).size, 40);
      assert.ok(seeds.every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 32));
    }),
  );
});

/** Pieces of `count` waves that `sample` gives, at the time it is given [samples since the clip began]. */
function laid(count: number, sample: (at: number, piece: number) => number) {
  const pieces = piecesOf(grid, 1.1 + 0.6 * (count - 1));
  const sounds = Array.from({ length: count }, (_, piece) => {
    const begin = pieceOffset(pieces, piece, RATE);
    return Float32Array.from({ length: 1.1 * RATE }, (_, i) => sample(begin + i, piece));
  });
  return { pieces, sounds, whole: joinPieces(pieces, sounds, RATE) };
}

test('pieces that are the same wave go on as that wave', () => {
  const tone = (at: number): number => 0.5 * Math.sin(at / 7);
  const { whole } = laid(4, tone);
  assert.equal(whole.length, Math.round((1.1 + 3 * 0.6) * RATE));
  const apart = whole.reduce((most, x, at) => Math.max(most, Math.abs(x - tone(at))), 0);
  assert.ok(apart < 1e-5, `${apart}`);
});

test('pieces that are noises of their own keep their level where they change over', () => {
  let state = 1;
  const noise = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const { pieces, sounds, whole } = laid(5, () => 0.3 * noise());
  const power = (pcm: Float32Array): number => pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length;
  for (let piece = 1; piece < 5; piece++) {
    const begin = pieceOffset(pieces, piece, RATE);
    const over = sounds[piece - 1]!.subarray(begin - pieceOffset(pieces, piece - 1, RATE));
    const { change, fade } = crossfadeOf(pieces, over, sounds[piece]!, RATE);
    const decibels = 10 * Math.log10(power(whole.subarray(begin + change, begin + change + fade)) / power(whole));
    assert.ok(Math.abs(decibels) < 1, `${decibels} dB`);
    assert.ok(
      change >= 0.25 * 0.5 * RATE - 1 && change + fade <= 0.75 * 0.5 * RATE + 1,
      'in the middle of the overlap',
    );
  }
});

test('pieces change over where it is quiet', () => {
  const gap = (at: number): number => (at > 6800 && at < 7800 ? 0 : 0.5 * Math.sin(at / 3));
  const { pieces, sounds } = laid(2, gap);
  const begin = pieceOffset(pieces, 1, RATE);
  const { change, fade } = crossfadeOf(pieces, sounds[0]!.subarray(begin), sounds[1]!, RATE);
  assert.ok(begin + change >= 6800 && begin + change + fade <= 7800, `${begin + change}`);
});
