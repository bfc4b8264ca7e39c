import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { measureLoudness } from './loudness.ts';
import { quantise, seededNoise } from './quantise.ts';
import { truePeak } from './true-peak.ts';
import { encodeWav } from './wav.ts';

const run = promisify(execFile);
const noFfmpeg = spawnSync('ffmpeg', ['-version']).error === undefined ? false : 'ffmpeg is not installed';

const sine = (hz: number, rate: number, seconds: number, amplitude: number, phase = 0): Float32Array =>
  Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate + phase),
  );
// A tone that begins at once is higher at its beginning than later, and how much is the meter's filter's affair.
const soft = (pcm: Float32Array): Float32Array =>
  pcm.map((v, i) => v * Math.min(1, Math.sin((Math.PI * i) / pcm.length) * 4));
const near = (value: number | null, wanted: number, within: number): void =>
  assert.ok(value !== null && Math.abs(value - wanted) <= within, `${value}, not ${wanted} within ${within}`);

/** Bursts of noise over a bed, and silence: what gates and ranges are for. */
function foley(rate: number, seconds: number): Float32Array {
  const noise = seededNoise(5);
  let low = 0;
  return Float32Array.from({ length: rate * seconds }, (_, i) => {
    const t = i / rate;
    low += 0.1 * (noise() * 2 - 1 - low);
    return t > seconds * 0.8 ? 0 : (0.02 + 0.9 * Math.exp(-9 * (t % 1.3))) * low;
  });
}

test('a sine of 997 Hz at -23 dBFS measures -26 LUFS in one channel, at every rate', () => {
  // BS.1770: 0 dBFS of 997 Hz in one channel reads -3.01.
  for (const rate of [22_050, 44_100, 48_000, 96_000, 192_000]) {
    const { integrated, momentary, shortTerm, range } = measureLoudness(sine(997, rate, 4, 10 ** (-23 / 20)), rate);
    for (const value of [integrated, momentary, shortTerm]) near(value, -26.01, 0.05);
    near(range, 0, 0.01);
  }
});

test('quiet parts do not count: half a clip of silence changes nothing', () => {
  const tone = sine(997, 48_000, 4, 0.1);
  const padded = new Float32Array(tone.length * 2);
  padded.set(tone);
  const [alone, beside] = [measureLoudness(tone, 48_000), measureLoudness(padded, 48_000)];
  near(beside.integrated, alone.integrated!, 0.3);
});

test('what has no loudness says so: silence, and less than a block', () => {
  const none = { integrated: null, range: null, momentary: null, shortTerm: null };
  assert.deepEqual(measureLoudness(new Float32Array(48_000 * 4), 48_000), none);
  assert.deepEqual(measureLoudness(sine(997, 48_000, 0.39, 0.5), 48_000), none);
  assert.deepEqual(measureLoudness(new Float32Array(0), 48_000), none);
  const second = measureLoudness(sine(997, 48_000, 1, 0.5), 48_000);
  assert.deepEqual([second.range, second.shortTerm], [null, null]);
});

test('ffmpeg measures the same loudness, range and true peak', { skip: noFfmpeg }, async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-levels-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const rate of [22_050, 48_000, 96_000]) {
    const sounds = {
      foley: foley(rate, 12),
      tone: sine(440, rate, 5, 0.5),
      high: soft(sine(rate / 4, rate, 5, 0.5, Math.PI / 4)),
    };
    for (const [name, pcm] of Object.entries(sounds)) {
      const file = path.join(dir, `${name}-${rate}.wav`);
      await writeFile(file, encodeWav(pcm, rate, 'f32'));
      const filter = 'ebur128=peak=true:framelog=verbose';
      const { stderr } = await run('ffmpeg', ['-nostats', '-i', file, '-af', filter, '-f', 'null', '-']);
      const read = (what: RegExp): number => Number(what.exec(stderr)?.[1]);
      const { integrated, range } = measureLoudness(pcm, rate);
      near(integrated, read(/I: +(-?[\d.]+) LUFS/), 0.15);
      near(range, read(/LRA: +(-?[\d.]+) LU/), 0.3);
      near(20 * Math.log10(truePeak(pcm, rate)), read(/Peak: +(-?[\d.]+) dBFS/), 0.15);
    }
  }
});

test('a sine is as high as it is between its samples, too', () => {
  // At a quarter of the rate, an eighth of a turn late, every sample lies 3 dB below the peak.
  near(truePeak(soft(sine(12_000, 48_000, 1, 0.5, Math.PI / 4)), 48_000), 0.5, 0.002);
  for (const hz of [50, 997, 5000, 15_000, 20_000])
    for (const phase of [0, 0.3, 0.7, 1.1]) near(truePeak(soft(sine(hz, 48_000, 1, 0.5, phase)), 48_000), 0.5, 0.004);
  for (const rate of [96_000, 192_000])
    for (const phase of [0, 0.3, 0.7]) near(truePeak(soft(sine(20_000, rate, 1, 0.5, phase)), rate), 0.5, 0.004);
  assert.equal(truePeak(new Float32Array(100), 48_000), 0);
  assert.equal(truePeak(new Float32Array(0), 96_000), 0);
  assert.ok(truePeak(Float32Array.of(1), 48_000) >= 1);
});

test('dither makes an error that is triangular, two steps wide, without mean, and the same for the same seed', () => {
  const ramp = Float32Array.from({ length: 200_000 }, (_, i) => 0.25 + (0.25 * i) / 200_000);
  const values = quantise(ramp, 16, 9);
  assert.deepEqual(values, quantise(ramp, 16, 9));
  assert.notDeepEqual(values, quantise(ramp, 16, 10));
  const errors = Array.from(values, (value, i) => value - ramp[i]! * 32_768);
  const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
  const variance = errors.reduce((sum, e) => sum + (e - mean) ** 2, 0) / errors.length;
  near(mean, 0, 0.01);
  // Of the noise 1/6, of the rounding 1/12.
  near(variance, 1 / 4, 0.005);
  assert.ok(errors.every((e) => Math.abs(e) <= 1.5));
});

test('a tone below half a step is heard through dither and lost without', () => {
  const quiet = sine(1000, 48_000, 2, 0.4 / 32_768);
  const heard = (pcm: Int32Array): number =>
    pcm.reduce((sum, v, i) => sum + v * Math.sin((2 * Math.PI * 1000 * i) / 48_000), 0) / (pcm.length / 2);
  assert.equal(heard(quantise(quiet, 16, null)), 0);
  near(heard(quantise(quiet, 16, 1)), 0.4, 0.02);
});

test('full scale is clipped at both widths, and silence stays silent under dither', () => {
  assert.deepEqual(
    [...quantise(Float32Array.of(1, -1, 2, -2, 0), 24, null)],
    [8388607, -8388608, 8388607, -8388608, 0],
  );
  assert.deepEqual([...quantise(Float32Array.of(1.5, -1.5), 16, 3)], [32767, -32768]);
  assert.ok(quantise(new Float32Array(1000), 16, 3).every((value) => value === 0));
});
