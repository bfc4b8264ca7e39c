import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../engine/errors.ts';
import { EmbedderClient } from './embedder-client.ts';

const dir = fileURLToPath(new URL('../../models/default', import.meta.url));
const known = JSON.parse(
  readFileSync(new URL('../../models/fixtures/distances/heard.json', import.meta.url), 'utf8'),
) as { samples: number; rate: number; patches: number; embeddings: number[]; named: string };
const client = new EmbedderClient();
after(() => client.close());

/** The trainer's test sound: a sweep that starts again and again. */
function sound(samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin((i % 4001) ** 2 / 20_000));
}

test('an embedder hears what the trainer’s hears', async () => {
  const embedded = await client.embed(dir, sound(known.samples), known.rate);
  assert.equal(embedded.patches, known.patches);
  assert.equal(embedded.named, known.named);
  for (const [i, x] of known.embeddings.entries()) {
    assert.ok(Math.abs(embedded.values[i]! - x) < 1e-3, `${i}: ${embedded.values[i]} is not ${x}`);
  }
});

test('the shipped reference knows every class, and real clips lie nowhere from themselves', async () => {
  const { classes } = await client.card(dir);
  const { labels, sounding } = await client.reference(dir, null);
  assert.deepEqual(labels.sort(), [...classes].sort());
  assert.equal(sounding, true);
});

test('a sound too short for a patch is filled up; another rate is resampled', async () => {
  assert.equal((await client.embed(dir, new Float32Array(10), 22050)).patches, 1);
  const [once, twice] = await Promise.all([
    client.embed(dir, sound(known.samples), known.rate),
    client.embed(dir, sound(known.samples), known.rate * 2),
  ]);
  assert.ok(twice.patches < once.patches);
});

test('what cannot be is refused, and the next is answered', async () => {
  const failed = (code: string, message: RegExp) => (error: unknown) => {
    return error instanceof EngineError && error.code === code && message.test(error.message);
  };
  await assert.rejects(
    client.embed('/nowhere', new Float32Array(9), 22050),
    failed('voice_missing', /has no embedder/),
  );
  await assert.rejects(
    client.reference(dir, { npz: Buffer.from('nothing') }),
    failed('engine_failed', /not an \.npz file/),
  );
  await assert.rejects(client.measure(dir, null, 'Unicorn', [], 0), failed('engine_failed', /no class Unicorn/));
  await assert.rejects(client.measure(dir, null, 'Rain', [], 0), failed('engine_failed', /two embeddings/));
  const pid = client.pid!;
  process.kill(pid, 'SIGKILL');
  const { labels } = await client.reference(dir, null).catch(() => client.reference(dir, null));
  assert.equal(labels.length, (await client.card(dir)).classes.length);
});
