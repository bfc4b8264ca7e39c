import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../engine/errors.ts';
import { Listener } from './embedder-client.ts';

const dir = fileURLToPath(new URL('../../models/default', import.meta.url));
const known = JSON.parse(
  readFileSync(new URL('../../models/fixtures/distances/heard.json', import.meta.url), 'utf8'),
) as { samples: number; rate: number; patches: number; embeddings: number[]; named: string };
const listener = new Listener();
after(() => listener.close());

/** The trainer's test sound: a sweep that starts again and again. */
function sound(samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin((i % 4001) ** 2 / 20_000));
}

test('an embedder hears what the trainer’s hears', async () => {
  const heard = await listener.hear(dir, sound(known.samples), known.rate);
  assert.equal(heard.patches, known.patches);
  assert.equal(heard.named, known.named);
  for (const [i, x] of known.embeddings.entries()) {
    assert.ok(Math.abs(heard.values[i]! - x) < 1e-3, `${i}: ${heard.values[i]} is not ${x}`);
  }
});

test('the shipped reference knows every class, and real clips lie nowhere from themselves', async () => {
  const { classes } = await listener.card(dir);
  assert.deepEqual((await listener.classes(dir, null)).sort(), [...classes].sort());
});

test('a sound too short for a patch is filled up; another rate is resampled', async () => {
  assert.equal((await listener.hear(dir, new Float32Array(10), 22050)).patches, 1);
  const [once, twice] = await Promise.all([
    listener.hear(dir, sound(known.samples), known.rate),
    listener.hear(dir, sound(known.samples), known.rate * 2),
  ]);
  assert.ok(twice.patches < once.patches);
});

test('what cannot be is refused, and the next is answered', async () => {
  const failed = (code: string, message: RegExp) => (error: unknown) => {
    return error instanceof EngineError && error.code === code && message.test(error.message);
  };
  await assert.rejects(
    listener.hear('/nowhere', new Float32Array(9), 22050),
    failed('voice_missing', /without an embedder/),
  );
  await assert.rejects(listener.classes(dir, { npz: Buffer.from('nothing') }), failed('engine_failed', /no \.npz/));
  await assert.rejects(listener.measure(dir, null, 'Unicorn', [], 0), failed('engine_failed', /no class Unicorn/));
  await assert.rejects(listener.measure(dir, null, 'Rain', [], 0), failed('engine_failed', /two embeddings/));
  const pid = listener.pid!;
  process.kill(pid, 'SIGKILL');
  assert.equal((await listener.classes(dir, null).catch(() => listener.classes(dir, null))).length, 7);
});
