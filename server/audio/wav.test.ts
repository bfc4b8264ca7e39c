import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRecipe, writeRecipe } from './recipe.ts';
import { chunksOf } from './riff.ts';
import { decodeWav, encodeWav, WavError } from './wav.ts';

const recipe = {
  voice: 'a'.repeat(64),
  voiceId: 'default',
  class: 'DogBark',
  classWeights: [1, 0],
  seed: 4294967295,
  temperature: 0.9,
  topK: 0,
  topP: 1,
  rate: 22050,
  version: '0.1.0',
};

test('float samples come back bit by bit, with what the file says of itself', () => {
  fc.assert(
    fc.property(
      fc.float32Array({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 8000, max: 192_000 }),
      (pcm, rate) => {
        const wav = decodeWav(encodeWav(pcm, rate, 'f32', { comment: 'ä comment', software: 'foleyd' }));
        assert.deepEqual(
          wav.pcm.map((v) => v + 0),
          pcm.map((v) => v + 0),
        );
        assert.equal(wav.rate, rate);
        assert.deepEqual(wav.info, { comment: 'ä comment', software: 'foleyd' });
      },
    ),
  );
});

test('16-bit samples are rounded to the nearest step and clipped at full scale', () => {
  const pcm = Float32Array.of(0, 0.5, -0.5, 1, -1, 2, -2, 0.4 / 32768, 0.6 / 32768);
  const { pcm: back } = decodeWav(encodeWav(pcm, 22050, 's16'));
  assert.deepEqual(
    [...back].map((v) => v * 32768),
    [0, 16384, -16384, 32767, -32768, 32767, -32768, 0, 1],
  );
});

test('a recipe survives its WAV', () => {
  const wav = encodeWav(new Float32Array(3), 22050, 's16', { comment: writeRecipe(recipe) });
  assert.deepEqual(readRecipe(decodeWav(wav).info.comment ?? ''), recipe);
});

test('any recipe survives its comment, and any text is a recipe or none', () => {
  const real = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
  const any = fc.record({
    voice: fc.constantFrom('0'.repeat(64), 'f'.repeat(64)),
    voiceId: fc.string({ minLength: 1, maxLength: 64 }),
    class: fc.oneof(fc.string({ minLength: 1, maxLength: 100 }), fc.dictionary(fc.stringMatching(/^[A-Za-z]+$/), real)),
    classWeights: fc.array(real, { minLength: 1, maxLength: 9 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    temperature: real,
    topK: fc.nat(512),
    topP: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    rate: fc.integer({ min: 8000, max: 192_000 }),
  });
  fc.assert(
    fc.property(any, (one) => {
      const wav = encodeWav(new Float32Array(1), 22050, 'f32', { comment: writeRecipe(one) });
      assert.equal(JSON.stringify(readRecipe(decodeWav(wav).info.comment ?? '')), JSON.stringify(one));
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const found = readRecipe(`foleyd ${text}`);
      assert.ok(found === null || found.seed >= 0);
    }),
  );
});

test('a comment of somebody else, or a damaged one, is no recipe', () => {
  for (const text of [
    '',
    'nice dog',
    'foleyd',
    'foleyd {',
    `foleyd ${JSON.stringify({ ...recipe, seed: -1 })}`,
    'foleyd null',
  ])
    assert.equal(readRecipe(text), null);
});

test('other widths and channels are read as mono floats', () => {
  const stereo24 = new Uint8Array(44 + 6);
  const view = new DataView(stereo24.buffer);
  stereo24.set(Buffer.from('RIFF'), 0);
  view.setUint32(4, 42, true);
  stereo24.set(Buffer.from('WAVEfmt '), 8);
  view.setUint32(16, 16, true);
  for (const [at, value] of [
    [20, 1],
    [22, 2],
    [32, 6],
    [34, 24],
  ] as const)
    view.setUint16(at, value, true);
  view.setUint32(24, 48000, true);
  stereo24.set(Buffer.from('data'), 36);
  view.setUint32(40, 6, true);
  stereo24.set([0, 0, 0x40, 0, 0, 0xc0], 44);
  // The channels are 0.5 and -0.5: their average would be silence.
  assert.deepEqual([...decodeWav(stereo24).pcm], [0.5]);
  stereo24.set([0, 0, 0x40, 0, 0, 0x40], 44);
  assert.deepEqual([...decodeWav(stereo24).pcm], [0.5]);
});

test('bytes from anywhere give a WavError or audio, nothing else', () => {
  const good = encodeWav(new Float32Array(20), 22050, 'f32', { comment: 'x' });
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(good.length))
    .map(([edits, cut]) => {
      const bytes = good.slice(0, cut > good.length / 2 ? good.length : cut);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  const unharmed = (bytes: Uint8Array): void => {
    try {
      assert.ok(decodeWav(bytes).pcm.every(Number.isFinite));
    } catch (error) {
      assert.ok(error instanceof WavError, String(error));
    }
  };
  fc.assert(fc.property(mutated, unharmed), { numRuns: 2000 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), unharmed), { numRuns: 500 });
});

test('a chunk of an odd size is read over with the byte that pads it, and without', () => {
  const wav = encodeWav(Float32Array.of(0.25, -0.5), 22050, 's16', { comment: 'here' });
  for (const pad of [[], [0], [0x78]]) {
    for (const size of [1, 13]) {
      const junk = [...new TextEncoder().encode('JUNK'), size, 0, 0, 0, ...new Array<number>(size).fill(0x61), ...pad];
      const bytes = Uint8Array.from([...wav.subarray(0, 12), ...junk, ...wav.subarray(12)]);
      assert.deepEqual([...decodeWav(bytes).pcm], [0.25, -0.5], `${size} bytes, ${pad.length} of padding`);
      assert.equal(decodeWav(bytes).info.comment, 'here');
      assert.equal([...chunksOf(bytes, 12)].length, [...chunksOf(wav, 12)].length + 1);
    }
  }
});
