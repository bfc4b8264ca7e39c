import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { EmbedderCard } from '../cards/embedder-card.ts';
import { StatisticsError } from './fad.ts';
import { readRanking, scoreClip } from './ranking.ts';

const RATE = 22_050;
const card = {
  classes: ['DogBark', 'Rain'],
  audio: { rate: RATE, shortest: 1 },
  latest: { DogBark: 0.5, Rain: null },
} as unknown as EmbedderCard;

/** A tone that begins late, and an embedding of two numbers for each of two patches. */
function clip(begins: number, counted: [number, number], values = [1, 2, 3, 6]) {
  const pcm = Float32Array.from({ length: 2 * RATE }, (_, i) => (i < begins * RATE ? 0 : 0.5 * Math.sin(i / 5)));
  const embedded = {
    patches: 2,
    values: Float32Array.from(values),
    sounding: Uint8Array.from(counted),
    scores: Float32Array.of(Math.log(0.25), Math.log(0.75)),
    named: 'Rain',
  };
  return { pcm, embedded };
}

test('a score is the posterior of what is wanted and the log-probability of being real', () => {
  const ranking = { weights: Float64Array.of(1, 0, 0, 0.5), bias: -2 };
  // Means 2 and 4, deviations 1 and 2: 2 + 1 - 2 is a log-odds of 1.
  const found = scoreClip(card, ranking, { ...clip(0, [1, 1]), weights: { Rain: 1 } });
  assert.ok(Math.abs(found.posterior - Math.log(0.75)) < 1e-6);
  assert.ok(Math.abs(found.real! - 1) < 1e-6);
  assert.ok(Math.abs(found.score - (Math.log(0.75) + Math.log(1 / (1 + Math.exp(-1))))) < 1e-6);
  assert.deepEqual([...found.mean], [2, 4]);
  const one = scoreClip(card, ranking, { ...clip(0, [0, 1]), weights: { Rain: 1 } });
  assert.ok(Math.abs(one.real! - 1) < 1e-6, 'only the patch that sounds: 3 - 2');
  const mix = scoreClip(card, null, { ...clip(0, [1, 1]), weights: { Rain: 0.5, DogBark: 0.5 } });
  assert.ok(Math.abs(mix.score - (Math.log(0.75) + Math.log(0.25)) / 2) < 1e-6);
  assert.equal(mix.real, null);
  assert.equal(scoreClip(card, null, { ...clip(0, [1, 1]), weights: { Meow: 1 } }).posterior, 0);
});

test('silence and a late beginning are rejected, the latter only in classes that begin with an event', () => {
  const rejected = (begins: number, counted: [number, number], label: string) =>
    scoreClip(card, null, { ...clip(begins, counted), weights: { [label]: 1 } }).rejected;
  assert.equal(rejected(0.4, [1, 1], 'DogBark'), null);
  assert.equal(rejected(0.7, [1, 1], 'DogBark'), 'late');
  assert.equal(rejected(0.7, [1, 1], 'Rain'), null);
  assert.equal(rejected(0.7, [1, 1], 'Meow'), null);
  assert.equal(rejected(0, [0, 0], 'Rain'), 'silent');
});

test('a ranking fits its embedder, and no other', () => {
  const bytes = readFileSync(new URL('../../models/fixtures/distances/ranking.npz', import.meta.url));
  assert.equal(readRanking(bytes, 128).weights.length, 256);
  assert.throws(() => readRanking(bytes, 64), StatisticsError);
  assert.throws(() => readRanking(Buffer.from('PK'), 128), StatisticsError);
});
