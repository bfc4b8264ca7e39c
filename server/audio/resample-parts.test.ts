import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openResampler, resample } from './resample.ts';
import { PartResampler } from './resample-parts.ts';

const pcm = Float32Array.from({ length: 9000 }, (_, i) => 0.5 * Math.sin(i * 0.05) + 0.2 * Math.sin(i * 1.1));

for (const [from, to] of [
  [22_050, 48_000],
  [48_000, 22_050],
  [22_050, 44_099],
] as const) {
  test(`a sound in parts is resampled from ${from} to ${to} Hz as the whole is`, async (t) => {
    const whole = await resample(pcm, from, to);
    const resampler = await openResampler(from, to);
    t.after(() => resampler.close());
    const parts = new PartResampler(resampler, from, to);
    const out: number[] = [];
    const sizes = [1, 500, 2048, 0, 3000];
    for (let at = 0, i = 0; at < pcm.length; i++) {
      const end = Math.min(pcm.length, at + sizes[i % sizes.length]!);
      out.push(...parts.add(pcm.subarray(at, end), end === pcm.length).pcm);
      at = end;
    }
    assert.equal(out.length, whole.length);
    const worst = out.reduce((most, value, i) => Math.max(most, Math.abs(value - whole[i]!)), 0);
    assert.ok(worst < 1e-5, `off by ${worst}`);
  });
}

test('a part comes back before the next one is there', () => {
  const whole = (held: Float32Array) => new Float32Array(Math.round((held.length * 48_000) / 22_050));
  const parts = new PartResampler({ whole }, 22_050, 48_000);
  const { pcm: first } = parts.add(pcm.subarray(0, 2048));
  assert.equal(first.length, Math.floor(((2048 - 64) * 48_000) / 22_050));
});

for (const [from, to] of [
  [22_050, 48_000],
  [48_000, 22_050],
] as const)
  test(`from ${from} to ${to} Hz, what takes the place of an end is as if it had come at once`, async (t) => {
    const resampler = await openResampler(from, to);
    t.after(() => resampler.close());
    const other = Float32Array.from(pcm, (x, i) => (i < 5000 ? x : 0.7 * Math.sin(i * 0.3)));
    const parts = new PartResampler(resampler, from, to, 0.5);
    const out = new Float32Array(Math.round((pcm.length * to) / from));
    let end = 0;
    const add = (...args: Parameters<typeof parts.add>): void => {
      const made = parts.add(...args);
      // It follows what came, or takes the place of its end, and leaves no hole.
      assert.ok(made.from <= end);
      out.set(made.pcm, made.from);
      end = made.from + made.pcm.length;
    };
    add(pcm.subarray(0, 3000));
    add(pcm.subarray(3000, 8000));
    add(other.subarray(5000, 5100), false, 5000);
    add(other.subarray(5100));
    add(other.subarray(6000, 7000), false, 6000);
    add(other.subarray(7000), true);
    const whole = await resample(other, from, to);
    assert.equal(end, whole.length);
    const worst = out.reduce((most, value, i) => Math.max(most, Math.abs(value - whole[i]!)), 0);
    assert.ok(worst < 1e-5, `off by ${worst}`);
  });
