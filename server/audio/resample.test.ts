import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resample } from './resample.ts';

const tone = (hz: number, rate: number, samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

const power = (x: Float32Array): number => x.reduce((sum, v) => sum + v * v, 0) / x.length;

/** Signal to error in dB against the ideal tone, away from the edges. */
function snr(hz: number, from: number, to: number, out: Float32Array): number {
  const ideal = tone(hz, to, out.length);
  const edge = Math.ceil((400 * to) / Math.min(from, to));
  const inside = (x: Float32Array): Float32Array => x.slice(edge, -edge);
  const error = Float32Array.from(out, (v, i) => v - ideal[i]!);
  return 10 * Math.log10(power(inside(ideal)) / power(inside(error)));
}

test('the same rate gives the very samples', async () => {
  const pcm = tone(440, 22050, 1000);
  assert.equal(await resample(pcm, 22050, 22050), pcm);
});

for (const to of [8000, 16000, 32000, 44100, 48000, 96000, 192000]) {
  test(`a tone keeps its place and shape at ${to} Hz`, async () => {
    const out = await resample(tone(1000, 22050, 22050), 22050, to);
    assert.equal(out.length, to);
    const ratio = snr(1000, 22050, to, out);
    assert.ok(ratio > 90, `${ratio.toFixed(1)} dB`);
  });
}

test('a whole clip keeps its shape to its last samples, at the highest rate too', async () => {
  // Growing, so that nothing out of place looks like the right thing.
  const growing = (rate: number): Float32Array => tone(300, rate, 4 * rate).map((v, i) => (v * i) / (4 * rate));
  const out = await resample(growing(22050), 22050, 192_000);
  const ideal = growing(192_000);
  assert.equal(out.length, ideal.length);
  let worst = 0;
  for (let i = 0; i < ideal.length - 1000; i++) worst = Math.max(worst, Math.abs(out[i]! - ideal[i]!));
  assert.ok(worst < 1e-4, `off by ${worst}`);
});

test('what the lower rate cannot hold is gone, not folded back', async () => {
  const out = await resample(tone(7000, 22050, 22050), 22050, 8000);
  assert.ok(10 * Math.log10(power(out.slice(400, -400)) / 0.125) < -90);
});

test('every length comes out as its share, the shortest and silence too', async () => {
  for (const samples of [0, 1, 2, 100, 6144, 88200])
    for (const to of [8000, 44100, 48000, 192000]) {
      const out = await resample(new Float32Array(samples), 22050, to);
      assert.equal(out.length, Math.round((samples * to) / 22050));
      assert.ok(out.every((v) => v === 0));
    }
});

test('the same input gives the same bits', async () => {
  const pcm = tone(333, 22050, 5000);
  assert.deepEqual(await resample(pcm, 22050, 48000), await resample(pcm, 22050, 48000));
});
