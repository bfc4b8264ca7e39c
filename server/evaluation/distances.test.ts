/** FAD and KAD against the trainer's numbers (`foley_trainer/golden/distances.py`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { sounding } from '../engine/dsp/sounding.ts';
import { type ClipEmbeddings, frechet, gaussian, StatisticsError, SubsetFad, soundingOf } from './fad.ts';
import { kad } from './kad.ts';
import { seededUniform } from './measure.ts';
import { readNpz } from './npz.ts';
import { readReference } from './reference.ts';

const folder = new URL('../../models/fixtures/distances/', import.meta.url);
interface Golden {
  dims: number;
  sounding: {
    samples: number;
    rate: number;
    length: number;
    hop: number;
    gain: number;
    decay: number;
    begins: number;
    counted: number[];
  }[];
  gaussians: Record<string, { mu: number[]; trace: number; corner: number[]; count: number }>;
  pairs: { of: string; to: string; fad: number; kad: number; error: number }[];
  subsets: { of: string; to: string; fads: { picks: number[]; fad: number }[] };
}

const golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')) as Golden;
const bytes = readFileSync(new URL('embeddings.npz', folder));
const sets = readReference(bytes);
const clips = (name: string): readonly ClipEmbeddings[] => sets.get(name)!.clips!;

function near(actual: number, expected: number, scale = Math.abs(expected)): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * scale, `${actual} is not ${expected}`);
}

test('means and covariances are those of the trainer', () => {
  for (const [name, known] of Object.entries(golden.gaussians)) {
    const own = sets.get(name)!.gaussian;
    assert.equal(own.count, known.count);
    known.mu.forEach((x, i) => void near(own.mu[i]!, x, 1));
    known.corner.forEach((x, i) => void near(own.sigma[i]!, x, known.trace));
  }
});

test('FAD of every pair, full rank or not, is the trainer’s; of a set with itself it is nothing', () => {
  for (const { of, to, fad } of golden.pairs) {
    const [a, b] = [sets.get(of)!.gaussian, sets.get(to)!.gaussian];
    const size = [a, b].reduce(
      (sum, { sigma, mu }) => sum + mu.reduce((t, _, i) => t + sigma[i * mu.length + i]!, 0),
      0,
    );
    near(frechet(a, b), fad, size);
    if (of === to) assert.ok(frechet(a, b) < 1e-6 * size);
  }
});

test('KAD of every pair and its error are the trainer’s', () => {
  for (const { of, to, kad: value, error } of golden.pairs) {
    const found = kad(clips(of), clips(to), golden.dims);
    near(found.value, value, 100);
    near(found.error, error, 100);
  }
});

test('FAD of chosen clips, some of them twice, is the trainer’s', () => {
  const { of, to, fads } = golden.subsets;
  const resampled = new SubsetFad(clips(of), sets.get(to)!.gaussian);
  for (const { picks, fad } of fads) near(resampled.fad(picks), fad);
});

test('the patches that count are the trainer’s', () => {
  for (const { samples, rate, length, hop, gain, decay, begins, counted } of golden.sounding) {
    const pcm = Float32Array.from({ length: samples }, (_, i) => {
      const t = i - begins;
      return t < 0 ? 0 : gain * Math.sin(t / 5) * Math.exp((-decay * t) / 22050);
    });
    assert.deepEqual([...sounding(pcm, rate, length, hop)], counted);
  }
});

test('patches that do not count are left out, and so are silent clips; a reference that counts another range is refused', () => {
  const values = Float64Array.of(1, 2, 3, 4, 5, 6);
  const clip = (...counted: number[]) => ({ patches: 3, values, sounding: Uint8Array.from(counted) });
  assert.deepEqual(soundingOf([clip(1, 1, 1), clip(0, 1, 0), clip(0, 0, 0)]), [
    { patches: 3, values },
    { patches: 1, values: Float64Array.of(3, 4) },
  ]);
  const known = readFileSync(new URL('statistics.npz', folder));
  assert.equal(readReference(known).get('Many')!.sounding, false);
  const shipped = readFileSync(new URL('../../models/default/reference.npz', import.meta.url));
  assert.equal(readReference(shipped).get('Rain')!.sounding, true);
  const other = Buffer.from(shipped);
  const range = Buffer.alloc(8);
  range.writeDoubleLE(45);
  const at = other.indexOf(range);
  range.writeDoubleLE(30);
  range.copy(other, at);
  assert.throws(() => readReference(other), /within 30 dB/);
});

test('files of statistics and of embeddings say the same', () => {
  const statistics = readReference(readFileSync(new URL('statistics.npz', folder)));
  assert.deepEqual([...statistics.keys()], ['Many', 'Few']);
  for (const [name, { gaussian: known, clips: none }] of statistics) {
    assert.equal(none, null);
    known.sigma.forEach((x, i) => void near(sets.get(name)!.gaussian.sigma[i]!, x, 600));
  }
});

/** Clips of a known Gaussian: independent numbers of variance 1. */
function randomClips(uniform: () => number, count: number, d: number): ClipEmbeddings[] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, () => ({ patches: 2, values: Float64Array.from({ length: 2 * d }, normal) }));
}

test('the line to endless samples takes most of the bias of few away; the interval holds the truth nearly always', () => {
  const d = 6;
  const reference = gaussian(randomClips(seededUniform(1), 20_000, d), d);
  const runs = Array.from({ length: 12 }, (_, seed) => {
    const uniform = seededUniform(100 + seed);
    const set = new SubsetFad(randomClips(uniform, 40, d), reference);
    return {
      plain: set.fad(Array.from({ length: 40 }, (_, i) => i)),
      line: set.infinity(uniform)!,
      range: set.interval(uniform, 60)!,
    };
  });
  const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [plain, endless] = [mean(runs.map((run) => run.plain)), mean(runs.map((run) => run.line.value))];
  assert.ok(plain > 0.1, `${plain}`);
  assert.ok(Math.abs(endless) < plain / 3, `${endless} of ${plain}`);
  for (const { plain: own, range } of runs) assert.ok(range[0] <= own && own <= range[1]);
  assert.ok(runs.filter(({ range }) => range[0] <= plain && plain <= range[1]).length >= 9);
  assert.equal(new SubsetFad(randomClips(seededUniform(3), 7, d), reference).infinity(seededUniform(3)), null);
});

test('wrong sets say what is wrong', () => {
  const one = { patches: 1, values: Float64Array.of(1, 2) };
  assert.throws(() => gaussian([one], 2), StatisticsError);
  assert.throws(() => gaussian([one, { patches: 1, values: Float64Array.of(1, Number.NaN) }], 2), /not finite/);
  assert.throws(() => kad([one], [one, one], 2), /two clips/);
  assert.throws(() => frechet(gaussian([one, one], 2), sets.get('Many')!.gaussian), /cannot be compared/);
});

test('broken and foreign files are refused with a reason, never with another error', () => {
  assert.throws(() => readReference(Buffer.from('PK no archive')), StatisticsError);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(bytes.length),
      (changes, length) => {
        const changed = Uint8Array.from(bytes.subarray(0, length < bytes.length / 2 ? length : bytes.length));
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        try {
          for (const { data, shape } of readNpz(changed).values())
            assert.equal(
              data.length,
              shape.reduce((n, x) => n * x, 1),
            );
          readReference(changed);
        } catch (error) {
          assert.ok(error instanceof StatisticsError, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});
