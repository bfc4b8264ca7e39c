import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { embedderCardSchema } from './embedder-card.ts';
import { voiceCardSchema, voiceHash } from './voice-card.ts';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../models/${file}`, import.meta.url)), 'utf8'));

const folders = [
  'default',
  ...['tiny', 'tiny-vq', 'tiny-freq', 'tiny-time', 'tiny-padded', 'tiny-stacked'].map((name) => `fixtures/${name}`),
];
for (const folder of folders)
  test(`the card that the trainer wrote of ${folder} fits the schema, and every key is kept`, () => {
    const card = read(`${folder}/card.json`);
    assert.deepEqual(voiceCardSchema.parse(card), card);
  });

test('the embedder card that the trainer wrote fits the schema, and every key is kept', () => {
  const card = read('default/embedder.json');
  assert.deepEqual(embedderCardSchema.parse(card), card);
});

test('a mel that the engine could not make is refused with the card', () => {
  const card = voiceCardSchema.parse(read('fixtures/tiny/card.json'));
  const cases: [object, string][] = [
    [{ nFft: 1000, window: 1000 }, 'mel.nFft'],
    [{ window: 512 }, 'mel.window'],
    [{ hop: 2048 }, 'mel.hop'],
  ];
  for (const [change, at] of cases) {
    const { error } = voiceCardSchema.safeParse({ ...card, mel: { ...card.mel, ...change } });
    assert.equal(error?.issues[0]?.path.join('.'), at);
  }
});

test('a card whose grain has no noise to make grainy is refused', () => {
  const { excitation: _, ...graphs } = voiceCardSchema.parse(read('default/card.json')).graphs;
  const card = { ...voiceCardSchema.parse(read('default/card.json')), graphs };
  const { error } = voiceCardSchema.safeParse({ ...card, hash: voiceHash(graphs) });
  assert.match(String(error?.issues[0]?.message), /expected the graph excitation/);
});
