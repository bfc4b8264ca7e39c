/** The voice that is in the repository, as somebody who just cloned it meets it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { defaultGuidance } from '../cards/guidance.ts';
import type { Engine, EngineEvent, EngineRequest, EngineResult } from '../engine/engine.ts';
import { requestOf } from '../engine/fixtures.ts';
import { parseCard } from '../engine/inference/card.ts';
import { createEngine } from '../engine/process/pool.ts';
import { readFingerprints } from '../evaluation/fingerprints.ts';
import { readReference } from '../evaluation/reference.ts';

const models = fileURLToPath(new URL('../../models', import.meta.url));
const voiceDir = path.join(models, 'default');
const text = readFileSync(path.join(voiceDir, 'card.json'), 'utf8');
const card = parseCard(text);
const MAX_MB = 45;

let engine: Engine;
before(() => {
  engine = createEngine({ threads: 1 });
});
after(() => engine.close());

function order(classId: number, seed: number, more: Partial<EngineRequest> = {}): EngineRequest {
  const classWeights = card.classes.map((_, index) => (index === classId ? 1 : 0));
  return requestOf(voiceDir, classWeights, { seed, rate: card.audio.rate, ...more });
}

function ask(
  classId: number,
  seed: number,
  more: Partial<EngineRequest> = {},
  on: (event: EngineEvent) => void = () => undefined,
): Promise<EngineResult> {
  return engine.run(order(classId, seed, more), on).done;
}

/** Mean power in nats of 64 stretches of a clip: its loudness over time. */
function envelope(pcm: Float32Array): number[] {
  const width = Math.floor(pcm.length / 64);
  return Array.from({ length: 64 }, (_, i) => {
    const part = pcm.subarray(i * width, (i + 1) * width);
    return Math.log(part.reduce((sum, value) => sum + value * value, 0) / width + 1e-8);
  });
}

const variance = (values: number[]): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
};

test('the weights in the repository stay within their size', () => {
  const files = readdirSync(voiceDir).map((name) => statSync(path.join(voiceDir, name)).size);
  assert.ok(files.reduce((a, b) => a + b, 0) < MAX_MB * 1e6);
});

test('its card names the data, the licences, the recordings, the training and the scores', () => {
  const { data, training, scores, credits, license } = JSON.parse(text);
  assert.match(license, /credits\.csv/);
  assert.ok(credits.length > 10);
  for (const { name } of card.classes) assert.ok(data.clips[name].train > 0 && data.clips[name].eval > 0);
  assert.ok(Object.keys(data.licences).every((licence) => !/\bNC\b|noncommercial/i.test(licence)));
  for (const stage of ['codec', 'prior', 'vocoder']) assert.ok(training[stage].minutes > 0 && scores[stage]);
  const rows = readFileSync(path.join(voiceDir, 'credits.csv'), 'utf8').trim().split('\n');
  assert.equal(rows[0], 'class,original,author,licence,source');
  assert.ok(rows.length > 100);
});

test('its embedder, reference and fingerprints know each of its classes', () => {
  const names = card.classes.map(({ name }) => name);
  const ear = JSON.parse(readFileSync(path.join(voiceDir, 'embedder.json'), 'utf8')) as Record<string, object>;
  assert.deepEqual(ear.classes, names);
  assert.deepEqual(Object.keys(ear.latest!).sort(), [...names].sort());
  const file = (name: string): Buffer => readFileSync(path.join(voiceDir, name));
  assert.deepEqual([...readReference(file('reference.npz')).keys()].sort(), [...names].sort());
  const { classes } = readFingerprints(file('fingerprints.npz'), names.length);
  assert.equal(new Set(classes).size, names.length);
});

test('every class is heard, stays within full scale, and previews grow with the rows', async () => {
  // All at once: rows that are sampled together cost less.
  const making = card.classes.map(async ({ id, name }) => {
    let rows = 0;
    const heard: { rows: number; seconds: number }[] = [];
    const { pcm } = await ask(id, 7, { previews: id === 0 }, (event) => {
      if (event.type === 'row') rows++;
      if (event.type !== 'preview') return;
      assert.equal(event.codebooks, card.latent.codebooks);
      assert.equal(event.pcm.length, event.seconds! * card.audio.rate);
      heard.push({ rows, seconds: event.seconds! });
    });
    assert.equal(rows, card.grid.rows);
    return { id, name, heard, pcm };
  });
  for (const { id, name, heard, pcm } of await Promise.all(making)) {
    assert.equal(pcm.length, card.audio.samples);
    assert.ok(
      pcm.every((value) => Math.abs(value) <= 1),
      name,
    );
    assert.ok(Math.max(...pcm.map(Math.abs)) > 0.01, `${name} is silent`);
    if (id !== 0) continue;
    // A preview is rendered while rows go on: it comes after the last row it sounds, and before the next preview.
    assert.equal(heard.length, 3);
    const perRow = card.audio.samples / card.audio.rate / card.grid.rows;
    for (const [i, { rows: before, seconds }] of heard.entries()) {
      assert.ok(before * perRow >= seconds - perRow, `${before} rows before ${seconds} s`);
      assert.ok(seconds > (heard[i - 1]?.seconds ?? 0));
    }
  }
});

test('a seed is the same clip bit for bit, and another one is another clip', async () => {
  const [one, again, other] = [await ask(1, 5), await ask(1, 5), await ask(1, 6)];
  assert.deepEqual(again.codes, one.codes);
  assert.deepEqual(again.pcm, one.pcm);
  assert.notDeepEqual(other.codes, one.codes);
  const decoded = await ask(1, 5, { codes: one.codes });
  assert.deepEqual(decoded.pcm, one.pcm);
  // Another seed's noise gives the same sound another surface.
  const surface = await ask(1, 999, { codes: one.codes });
  assert.notDeepEqual(surface.pcm, one.pcm);
  const [levels, others] = [envelope(one.pcm), envelope(surface.pcm)];
  const loud = levels.map((_, i) => i).filter((i) => levels[i]! > Math.max(...levels) - 6);
  for (const i of loud) assert.ok(Math.abs(levels[i]! - others[i]!) < 2, `stretch ${i}: ${levels[i]}, ${others[i]}`);
});

test('no bit of a clip, guided or not, depends on the company or on the threads', async () => {
  const wider = createEngine({ threads: 2, lanes: 1 });
  try {
    const kinds = [{}, { guidance: 1 }];
    const alone: EngineResult[] = [];
    for (const more of kinds) alone.push(await ask(2, 11, more));
    assert.notDeepEqual(alone[0]!.codes, alone[1]!.codes);
    const others = [ask(1, 3), ask(4, 12, { guidance: 2 })];
    const same = kinds.map((more, i) => [
      ask(2, 11, { ...more, urgent: i === 0 }),
      wider.run(order(2, 11, more), () => undefined).done,
    ]);
    for (const [i, made] of same.entries()) {
      for (const { codes, pcm } of await Promise.all(made)) {
        assert.deepEqual(codes, alone[i]!.codes);
        assert.deepEqual(pcm, alone[i]!.pcm);
      }
    }
    await Promise.all(others);
  } finally {
    await wider.close();
  }
});

test('each class has guidance of its own on the card', () => {
  const weights = (wanted: number): number[] => card.classes.map(({ id }) => (id === wanted ? 1 : 0));
  for (const { id, name } of card.classes) {
    const guidance = defaultGuidance(card, weights(id));
    assert.ok(guidance >= 0 && guidance <= 3, `${name}: ${guidance}`);
  }
});

test('rain goes on and barks do not', async () => {
  const named = (wanted: string): number => card.classes.find(({ name }) => name === wanted)!.id;
  const restless = async (classId: number): Promise<number> => {
    const made = await Promise.all([1, 2, 3].map((seed) => ask(classId, seed)));
    // Some rains begin or end; of three at least one goes on.
    return Math.min(...made.map(({ pcm }) => variance(envelope(pcm))));
  };
  const [rain, bark] = [await restless(named('Rain')), await restless(named('DogBark'))];
  assert.ok(bark > 3 * rain, `barks vary by ${bark}, rain by ${rain}`);
});
