/** Cells of several codes, with graphs that a test can compute by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { cellUniform } from '../dsp/philox.ts';
import { card } from '../fixtures.ts';
import { type Feeds, floats, type Outputs } from '../onnx/runtime.ts';
import { GridAxes } from './code-grid.ts';
import type { PriorGraph } from './prior.ts';
import type { SampleOptions } from './sampled-clip.ts';
import { Sampler } from './sampler.ts';
import { TokenSampler } from './token-sampler.ts';

const [rows, cols, depth, codes, channels] = [4, 3, 3, 5, 4];
const drawing = { temperature: 1, topK: 0, topP: 1 };
const stacked: VoiceCard = {
  ...card('tiny'),
  classes: [
    { id: 0, name: 'A' },
    { id: 1, name: 'B' },
  ],
  latent: { codebooks: depth, codes, frequency: cols, time: rows },
  grid: { rows, cols, rowAxes: ['time'], colAxes: ['frequency'], depthAxes: ['codebook'] },
  prior: {
    channels,
    layers: 1,
    blocks: 1,
    heads: 1,
    headDim: 2,
    kernel: [3, 5],
    conditionDim: 2,
    conditionRows: [0],
    nullClass: true,
  },
};

/** What a code depends on, as one number. */
const mixed = (...parts: number[]): number => parts.reduce((sum, part) => (sum * 31 + part + 7) % 997, 1);
const logitsOf = (seen: number): Float32Array =>
  Float32Array.from({ length: codes }, (_, code) => Math.sin(seen * (code + 1)));

const ints = (feeds: Feeds, name: string): number[] => Array.from(feeds[name]!.data as BigInt64Array, Number);
const graph = (inputs: string[], run: (feeds: Feeds) => Record<string, ReturnType<typeof floats>>): PriorGraph => ({
  wants: (input) => inputs.includes(input),
  run: async (feeds) => {
    assert.deepEqual(
      Object.keys(feeds).filter((name) => !inputs.includes(name)),
      [],
    );
    return run(feeds) as Outputs;
  },
});
const zeros = (...dims: number[]) => floats(new Float32Array(dims.reduce((a, b) => a * b)), dims);

/** What a cell sees is the first number of e0, mixed with its left neighbours and its index. */
function sampler(onDepth: () => void = () => undefined): Sampler {
  const [wide, p] = [cols + 4, 2];
  return new Sampler(stacked, new GridAxes(stacked), {
    condition: graph(['class'], (feeds) => {
      const [a, b] = feeds.class!.data as Float32Array;
      const all = Array.from({ length: rows * cols }, () => [a!, b!]).flat();
      return { condition: floats(Float32Array.from(all), [1, rows, cols, 2]) };
    }),
    row: graph(['a1', 'a2', 'codes', 'condition', 'row'], (feeds) => {
      const batch = feeds.row!.dims[0]!;
      assert.deepEqual(feeds.codes!.dims, [batch, p, wide, depth]);
      assert.deepEqual(feeds.a1!.dims, [batch, channels, 2, wide]);
      const above = ints(feeds, 'codes');
      const condition = feeds.condition!.data as Float32Array;
      const e0 = new Float32Array(cols * batch * channels);
      for (let column = 0; column < cols; column++)
        for (let slot = 0; slot < batch; slot++) {
          const window = [0, 1].flatMap((i) => {
            const from = ((slot * p + i) * wide + column) * depth;
            return above.slice(from, from + 5 * depth);
          });
          const own = condition.subarray((slot * cols + column) * 2, (slot * cols + column) * 2 + 2);
          e0[(column * batch + slot) * channels] = mixed(...window, 10 * own[0]!, 20 * own[1]!);
        }
      return {
        c1: zeros(cols, batch, 1, channels),
        c2: zeros(cols, batch, 1, 2 * channels),
        e0: floats(e0, [cols, batch, channels]),
      };
    }),
    pixel: graph(['cell', 'left', 'l1', 'l2', 'attend', 'attended', 'key0', 'value0', 'c1', 'c2', 'e0'], (feeds) => {
      const several = feeds.cell!.dims[0]!;
      assert.deepEqual(feeds.left!.dims, [several, p, depth]);
      const [left, cell, e0] = [ints(feeds, 'left'), ints(feeds, 'cell'), feeds.e0!.data as Float32Array];
      const starts = new Float32Array((depth - 1) * several * channels);
      const logits: number[] = [];
      const batch = feeds.attend!.dims[0]!;
      for (let slot = 0; slot < several; slot++) {
        const seen = left.slice(slot * p * depth, (slot + 1) * p * depth);
        const trunk = mixed(e0[(slot % batch) * channels]!, ...seen, cell[slot]!);
        logits.push(...logitsOf(mixed(trunk, 0)));
        for (let level = 1; level < depth; level++)
          starts[((level - 1) * several + slot) * channels] = mixed(trunk, level);
      }
      return {
        logits: floats(Float32Array.from(logits), [several, codes]),
        starts: floats(starts, [depth - 1, several, channels]),
        a1: zeros(several, 1, channels),
        a2: zeros(several, 1, channels),
        past: zeros(several, 1, 2, 1, 2),
      };
    }),
    depth: Array.from({ length: depth - 1 }, (_, i) =>
      graph(['start', 'codes'], (feeds) => {
        onDepth();
        const [several, before] = feeds.codes!.dims as [number, number];
        assert.ok(several >= 2);
        assert.equal(before, i + 1);
        assert.deepEqual(feeds.start!.dims, [several, channels]);
        const known = ints(feeds, 'codes');
        const start = feeds.start!.data as Float32Array;
        const all = Array.from({ length: several }, (_, slot) => {
          const own = known.slice(slot * before, (slot + 1) * before);
          return [...logitsOf(mixed(start[slot * channels]!, ...own))];
        });
        return { logits: floats(Float32Array.from(all.flat()), [several, codes]) };
      }),
    ),
  });
}

/** The same, code by code, without rows, slots and company. */
function expected({ seed, classWeights, guidance = 0, avoid }: Omit<SampleOptions, 'onRow'>): number[] {
  const out: number[] = [];
  const tokens = new TokenSampler(codes, drawing);
  const at = (row: number, column: number): number[] =>
    row < 0 || column < 0 || column >= cols
      ? Array.from({ length: depth }, () => codes)
      : out.slice((row * cols + column) * depth, (row * cols + column + 1) * depth);
  for (let cell = 0; cell < rows * cols; cell++) {
    const [row, column] = [Math.floor(cell / cols), cell % cols];
    const above = [2, 1].flatMap((up) => [-2, -1, 0, 1, 2].flatMap((beside) => at(row - up, column + beside)));
    const left = [...at(row, column - 2), ...at(row, column - 1)];
    const own: number[] = [];
    for (let level = 0; level < depth; level++) {
      const logits = (weights: readonly number[]): Float32Array => {
        const trunk = mixed(mixed(...above, 10 * weights[0]!, 20 * weights[1]!), ...left, cell);
        return logitsOf(level === 0 ? mixed(trunk, 0) : mixed(mixed(trunk, level), ...own));
      };
      const [positive, negative] = [logits(classWeights), logits(avoid ?? [0, 0])];
      const guided = positive.map((value, i) => value + guidance * (value - negative[i]!));
      own.push(tokens.code(guided, cellUniform(seed, cell * depth + level)));
    }
    out.push(...own);
  }
  return out;
}

const asked: Omit<SampleOptions, 'onRow'>[] = [
  { ...drawing, seed: 1, classWeights: [1, 0] },
  { ...drawing, seed: 2, classWeights: [1, 0], guidance: 1 },
  { ...drawing, seed: 3, classWeights: [0.5, 0.5], guidance: 2, avoid: [0, 1], urgent: true },
  { ...drawing, seed: 4, classWeights: [0, 1] },
];

test('each code of a cell is drawn from those before it, above and to the left, guided or not', async () => {
  for (const one of asked) {
    const told: number[][] = [];
    const sampled = await sampler().sample({ ...one, onRow: (_, row) => void told.push([...row]) });
    assert.deepEqual([...sampled], expected(one));
    assert.deepEqual(told.flat(), [...sampled]);
    assert.deepEqual([told.length, told[0]!.length], [rows, cols * depth]);
  }
});

test('none of them can tell that it was not alone', async () => {
  const together = sampler();
  const all = await Promise.all(asked.map((one) => together.sample({ ...one, onRow: () => undefined })));
  assert.deepEqual(
    all.map((sampled) => [...sampled]),
    asked.map(expected),
  );
});

test('codes of a cell that are given are kept, and those after them follow from them', async () => {
  const [one] = asked;
  const whole = await sampler().sample({ ...one!, onRow: () => undefined });
  const given = Uint8Array.from(whole, (_, i) => (i % depth === 0 || i < 2 * cols * depth ? 1 : 0));
  const again = await sampler().sample({ ...one!, start: { codes: whole, given }, onRow: () => undefined });
  assert.deepEqual(again, whole);
});

test('logits of further codes are computed only in rows where one is drawn or looked at', async () => {
  const options = asked[1]!;
  const whole = await sampler().sample({ ...options, onRow: () => undefined });
  const given = new Uint8Array(whole.length).fill(1, 0, 2 * cols * depth + 1);
  const count = async (more: Partial<SampleOptions>[]): Promise<number> => {
    let runs = 0;
    const one = sampler(() => {
      runs += 1;
    });
    const start = { codes: whole, given };
    const all = await Promise.all(
      more.map((other) => one.sample({ ...options, start, ...other, onRow: () => undefined })),
    );
    for (const sampled of all) assert.deepEqual(sampled, whole);
    return runs;
  };
  const each = cols * (depth - 1);
  assert.equal(await count([{}]), 2 * each);
  assert.equal(await count([{ onLogits: () => undefined }]), rows * each);
  // Beside one that draws its codes from the first row on.
  assert.equal(await count([{}, { start: { codes: whole, given: new Uint8Array(whole.length) } }]), rows * each);
});
