/** Fingerprints against the trainer's (`foley_trainer/golden/fingerprints.py`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatisticsError } from './fad.ts';
import { nearest, printOf, readFingerprints } from './fingerprints.ts';

const [BINS, FRAMES] = [80, 344];
const folder = new URL('../../models/fixtures/fingerprints/', import.meta.url);
const golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')) as {
  classes: string[];
  asked: { mel: number; turn: number; print: number[]; nearest: string; likeness: number }[];
};
const bytes = readFileSync(new URL('fingerprints.npz', folder));

/** A mel by the trainer's formula, its beginning moved by some frames. */
function mel(number: number, turn = 0): Float32Array {
  const out = new Float32Array(BINS * FRAMES);
  for (let b = 0; b < BINS; b++)
    for (let t = 0; t < FRAMES; t++) {
      const wave = 3 * Math.sin(0.011 * (number + 2) * b) * Math.sin(0.02 * (number + 1) * t + 0.07 * b);
      const tide = 2 * Math.cos(0.0131 * t * (1 + 0.1 * number) + 0.3 * b);
      out[b * FRAMES + ((t + turn) % FRAMES)] = -4 + wave + tide;
    }
  return out;
}

test('prints, the nearest recording and its likeness are the trainer’s', () => {
  const known = readFingerprints(bytes, golden.classes.length);
  for (const { mel: number, turn, print: kept, nearest: name, likeness } of golden.asked) {
    const print = printOf(mel(number, turn), BINS);
    const loudest = print.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (const [i, x] of kept.entries())
      assert.ok(Math.abs((print[i]! / loudest) * 127 - x) < 0.51 + 1e-3, `mel ${number}, ${i}: ${x}`);
    const [found] = nearest(print, known);
    assert.equal(found!.name, name);
    assert.ok(Math.abs(found!.likeness - likeness) < 0.01, `${found!.likeness} is not ${likeness}`);
  }
});

test('a recording is found wherever it begins, beyond its limit; another class has a limit of its own', () => {
  const known = readFingerprints(bytes, golden.classes.length);
  const [copy, next] = nearest(printOf(mel(3, 200), BINS), known, 2);
  assert.equal(copy!.name, 'door;table');
  assert.ok(copy!.likeness > 0.99 && copy!.likeness > copy!.limit);
  assert.ok(next!.likeness < copy!.likeness);
  assert.deepEqual([...known.limits].length, 3);
  assert.equal(known.limits[2], 1);
});

test('silence is like nothing', () => {
  const known = readFingerprints(bytes, golden.classes.length);
  const [found] = nearest(printOf(new Float32Array(BINS * FRAMES).fill(-11.5), BINS), known);
  assert.equal(found!.likeness, 0);
});

test('a file that is not one, or of a voice with other classes, is refused with a reason', () => {
  assert.throws(() => readFingerprints(bytes, 2), /a limit for each of the voice's 2 classes, got 3/);
  assert.throws(() => readFingerprints(Buffer.from('PK nothing'), 3), StatisticsError);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(bytes.length),
      (changes, length) => {
        const changed = Uint8Array.from(bytes.subarray(0, length < bytes.length / 2 ? length : bytes.length));
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        try {
          readFingerprints(changed, 3);
        } catch (error) {
          assert.ok(error instanceof StatisticsError, String(error));
        }
      },
    ),
    { numRuns: 200 },
  );
});
