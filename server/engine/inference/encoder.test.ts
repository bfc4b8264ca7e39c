/** The mel front end and the encoder against PyTorch: models/fixtures/encode.json, made by the trainer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fft } from '../dsp/fft.ts';
import { logMel } from '../dsp/mel.ts';
import { GridAxes } from './code-grid.ts';
import { VoiceEncoder } from './encoder.ts';

const models = fileURLToPath(new URL('../../../models', import.meta.url));
const golden = JSON.parse(readFileSync(`${models}/fixtures/encode.json`, 'utf8')) as Record<
  string,
  { frames: number; mel: number[]; latent: number[] }
>;
const EVERY = 97;

/** Four knocks with a ring each, over noise that ends in silence, as in golden/encoder.py. */
function recording(samples: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: samples }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const t = (i % 22050) / 22050;
    const ring = Math.exp(-12 * t) * Math.sin(2 * Math.PI * (180 + 90 * Math.floor(i / 22050)) * t);
    const noise = (state / 2 ** 32 - 0.5) * (0.02 + 0.6 * Math.exp(-60 * t));
    return 0.6 * ring + (i < Math.floor((samples * 3) / 4) ? noise : 0);
  });
}

const spec = { rate: 22050, nFft: 1024, hop: 256, bins: 80, fMin: 0, fMax: 8000, floor: 1e-5 };

test('the transform is the sum that defines it', () => {
  const input = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  const [re, im] = [new Float64Array(64), new Float64Array(64)];
  fft(input, re, im);
  for (let k = 0; k < 64; k++) {
    let [x, y] = [0, 0];
    for (const [i, value] of input.entries()) {
      x += value * Math.cos((2 * Math.PI * i * k) / 64);
      y -= value * Math.sin((2 * Math.PI * i * k) / 64);
    }
    assert.ok(Math.abs(re[k]! - x) < 1e-12 && Math.abs(im[k]! - y) < 1e-12);
  }
});

for (const [name, known] of Object.entries(golden)) {
  test(`${name}: the log-mel is the trainer's within a rounding, the codes are its codes`, async () => {
    const encoder = await VoiceEncoder.open(`${models}/${name}`);
    try {
      const pcm = recording(encoder.card.audio.samples);
      const { bands, frames } = logMel(pcm, spec);
      assert.equal(frames, known.frames);
      let worst = 0;
      for (const [i, value] of known.mel.entries()) worst = Math.max(worst, Math.abs(bands[i * EVERY]! - value));
      assert.ok(worst < 1e-4, `off by ${worst}`);
      const codes = await encoder.encode(pcm, 22050);
      const expected = new GridAxes(encoder.card).fromLatent(known.latent);
      const other = codes.filter((code, cell) => code !== expected[cell]).length;
      // A value on the border between two codes may fall either way.
      assert.ok(other <= codes.length / 100, `${other} of ${codes.length} codes differ`);
    } finally {
      await encoder.close();
    }
  });
}

test('a recording at another rate says nearly the same, a longer one what its beginning says', async () => {
  const encoder = await VoiceEncoder.open(`${models}/fixtures/tiny`);
  try {
    const pcm = recording(encoder.card.audio.samples);
    const longer = new Float32Array(pcm.length * 3);
    longer.set(pcm);
    assert.deepEqual(await encoder.encode(longer, 22050), await encoder.encode(pcm, 22050));
    const silence = await encoder.encode(new Float32Array(0), 22050);
    assert.deepEqual(await encoder.encode(new Float32Array(10), 48000), silence);
  } finally {
    await encoder.close();
  }
});
