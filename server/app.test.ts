import assert from 'node:assert/strict';
import test from 'node:test';
import { newServer } from './test/support/server.ts';
import { writeVoice } from './test/support/voice.ts';

const health = async (url: string | null): Promise<Record<string, unknown>> => {
  return (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>;
};

test('health says what is wrong with the active voice, until it is repaired', async (t) => {
  const { app, models } = await newServer(t, { voice: false });
  const sick = await health(app.urls.http);
  assert.deepEqual([sick.status, sick.name, sick.engine], ['degraded', 'foleyd', 'ready']);
  assert.match(String(sick.problem), /^voice_missing: /);
  await writeVoice(models, 'default');
  while ((await health(app.urls.http)).status !== 'ok') await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a server can be closed twice, and its ports are free afterwards', async (t) => {
  const { app } = await newServer(t);
  await Promise.all([app.close(), app.close()]);
  await assert.rejects(fetch(`${app.urls.http}/health`));
});

test('two servers run beside each other without sharing anything', async (t) => {
  const [a, b] = [await newServer(t), await newServer(t)];
  await a.app.connect().call('foley.generate', { class: 'Rain', seed: 1 });
  assert.deepEqual([a.engine.begun, b.engine.begun], [[1], []]);
  assert.notEqual(a.app.ports.http, b.app.ports.http);
});

test('a saved clip says how it was made', async (t) => {
  const { app } = await newServer(t);
  const args = { class: { rain: 1, dogbark: 3 }, seed: 9, temperature: 0.8, save: true, rate: 16_000 };
  const done = await app.connect().call('foley.generate', args);
  const [clip] = done.clips as { url: string }[];
  const bytes = Buffer.from(await (await fetch(`${app.urls.http}${clip?.url}`)).arrayBuffer());
  const text = bytes.toString('latin1');
  const recipe = JSON.parse(/foleyd (\{.*?\})\0/.exec(text)?.[1] ?? '{}') as Record<string, unknown>;
  assert.deepEqual([recipe.seed, recipe.temperature, recipe.rate, recipe.voiceId], [9, 0.8, 16_000, 'default']);
  assert.deepEqual(recipe.class, { Rain: 0.25, DogBark: 0.75 });
  assert.deepEqual(recipe.classWeights, [0.75, 0, 0, 0, 0, 0.25, 0]);
});
