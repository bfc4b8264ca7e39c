import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onsetsOf } from '../dsp/onsets.ts';
import { DensityContours } from './density.ts';

const of = { frames: 344, frameSeconds: 256 / 22_050 };
const seconds = of.frames * of.frameSeconds;

/** Draws one to twelve events a clip, at equal distances. */
const draw = (uniform: Float32Array): Promise<Float32Array> => {
  const events = 1 + Math.floor(uniform[1]! * 12);
  const each = of.frames / events;
  return Promise.resolve(
    Float32Array.from({ length: of.frames }, (_, i) => Math.max(-80, -10 - uniform[2]! - 3 * (i % each))),
  );
};
const rain = [1];
const contour = (perSecond: number, seed: number, frame = 0) =>
  new DensityContours(seed, of, draw).from(frame, rain, perSecond);
const countOf = (levels: Float32Array | undefined): number => onsetsOf(levels!, of.frameSeconds).length;

test('a contour has as many onsets as are asked for, and where that is between two numbers one of them', async () => {
  for (const events of [1, 3, 7, 12]) assert.equal(countOf(await contour(events / seconds, events)), events);
  const counts = await Promise.all(
    Array.from({ length: 40 }, async (_, seed) => countOf(await contour(2.5 / seconds, seed))),
  );
  assert.deepEqual([...new Set(counts)].sort(), [2, 3]);
});

test('of what the voice has not, the nearest is taken', async () => {
  assert.equal(countOf(await contour(19, 1)), 12);
  assert.equal(countOf(await contour(0.01, 1)), 1);
});

test('what a frame has does not depend on where a part begins', async () => {
  const whole = [await contour(1.5, 5), await contour(1.5, 5, of.frames), await contour(1.5, 5, 2 * of.frames)];
  for (const frame of [1, 100, 343, 344, 400]) {
    const part = (await contour(1.5, 5, frame))!;
    for (const i of [0, 1, 200, 343]) {
      const at = frame + i;
      assert.equal(part[i], whole[Math.floor(at / of.frames)]![at % of.frames]);
    }
  }
  assert.notDeepEqual(whole[0], await contour(1.5, 6));
});

test('a class of which there are no contours has none', async () => {
  const none = new DensityContours(1, of, () => Promise.resolve(undefined));
  assert.equal(await none.from(5, rain, 3), undefined);
});

test('windows that overlap draw a piece once, another density draws what it lacks, and all are what they are alone', async () => {
  let draws = 0;
  const contours = new DensityContours(7, of, (uniform) => {
    draws += 1;
    return draw(uniform);
  });
  const drawsOf = async (frame: number, perSecond: number, classWeights = rain): Promise<number> => {
    const before = draws;
    assert.deepEqual(await contours.from(frame, classWeights, perSecond), await contour(perSecond, 7, frame));
    return draws - before;
  };
  // More than there are: all 128 of both pieces are looked at.
  assert.equal(await drawsOf(100, 19), 256);
  assert.equal(await drawsOf(100, 19), 0);
  assert.equal(await drawsOf(300, 19), 0);
  assert.equal(await drawsOf(of.frames, 19), 0);
  // The onsets of all are known by now: only the one that is chosen is drawn, of each piece.
  for (const events of [2, 5, 9]) assert.equal(await drawsOf(200, events / seconds), 2);
  assert.equal(await drawsOf(200, 5 / seconds), 0);
  assert.equal(await drawsOf(of.frames + 10, 19), 128);
  // Another mix of classes has other contours.
  assert.equal(await drawsOf(0, 19, [1]), 128);
  // What was asked for long ago is forgotten.
  for (let piece = 2; piece < 12; piece++) await drawsOf(piece * of.frames, 3);
  assert.equal(await drawsOf(0, 19), 128);
});

test('parts that are asked for at the same time are what they are one after the other', async () => {
  const slow = async (uniform: Float32Array): Promise<Float32Array> => {
    // Those that are asked for later may be drawn sooner.
    for (let wait = Math.floor(uniform[1]! * 5); wait > 0; wait--) await Promise.resolve();
    return draw(uniform);
  };
  for (let seed = 0; seed < 20; seed++) {
    const contours = new DensityContours(seed, of, slow);
    const together = await Promise.all([1, 2, 1.5].map((density) => contours.from(100, rain, density)));
    const alone = await Promise.all([1, 2, 1.5].map((density) => contour(density, seed, 100)));
    assert.deepEqual(together, alone);
  }
});
