import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPlayback } from './create.ts';

/** Interleaved samples of a recording. */
function samplesOf(file: string): Float32Array {
  const bytes = readFileSync(file);
  assert.equal(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
  const size = bytes.readUInt32LE(54);
  assert.equal(size, bytes.length - 58);
  return new Float32Array(new Uint8Array(bytes.subarray(58)).buffer);
}

const click = Float32Array.of(0.5, 0, 0, 0);

for (const rate of [44_100, 48_000]) {
  test(`without a device time goes on, and what was recorded begins where it was promised (${rate} Hz)`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-record-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const record = path.join(folder, 'out.wav');
    const playback = await createPlayback({ output: 'none', record, rate });
    t.after(() => playback.close());
    assert.deepEqual([playback.info().state, playback.info().device, playback.info().rate], ['headless', null, rate]);
    const sound = playback.prepare(click, rate);
    const begin = playback.now() + 300;
    const hits = Array.from({ length: 40 }, (_, i) => playback.play(sound, { at: begin + i * 7.31, pan: -1 }));
    const ends = await Promise.all(hits.map(({ ended }) => ended));
    assert.ok(ends.every((end) => end === 'played'));
    assert.ok(playback.now() >= begin + 39 * 7.31 - 5);
    const soon = playback.play(sound, { pan: -1 });
    const past = playback.play(sound, { at: begin, pan: 1 });
    await Promise.all([soon.ended, past.ended]);
    assert.ok(past.late > 0 && soon.late === 0);
    await playback.close();
    assert.equal(playback.info().state, 'closed');
    const samples = samplesOf(record);
    const onsets: number[] = [];
    for (let i = 0; i < samples.length; i += 2) if (samples[i] !== 0) onsets.push(i / 2);
    assert.deepEqual(
      onsets,
      [...hits, soon].map(({ frame }) => frame),
    );
  });
}

test('a device that is not there is a warning, and playback goes on without it', async (t) => {
  const said: string[] = [];
  const playback = await createPlayback({
    output: 'No Such Device',
    log: (level, text) => said.push(`${level} ${text}`),
  });
  t.after(() => playback.close());
  assert.equal(playback.info().state, 'headless');
  assert.match(said.join(), /warn no audio output: no output device is called "No Such Device"/);
  assert.equal(await playback.play(playback.prepare(click, 48_000)).ended, 'played');
  await playback.close();
});

test('the clock of the library, with nobody to hear it, plays too', async (t) => {
  const playback = await createPlayback({ output: 'void' });
  t.after(() => playback.close());
  assert.equal(playback.info().state, 'running');
  const { rate } = playback.info();
  const played = playback.play(playback.prepare(new Float32Array(rate / 10), rate));
  const before = playback.now();
  assert.equal(await played.ended, 'played');
  assert.ok(playback.now() - before >= 90);
  await playback.close();
});

test('a sound that is still being resampled plays when it is ready', async (t) => {
  const playback = await createPlayback({ output: 'none' });
  t.after(() => playback.close());
  const sound = playback.prepare(new Float32Array(22_050).fill(0.1), 22_050);
  assert.equal(sound.seconds, 1);
  const played = playback.play(sound, { length: 0.01 });
  assert.equal(await played.ended, 'played');
  await playback.close();
});

test('closing ends what sounds, and nothing throws afterwards', async (t) => {
  const playback = await createPlayback({ output: 'none' });
  t.after(() => playback.close());
  const sound = playback.prepare(new Float32Array(480_000), 48_000);
  const played = playback.play(sound);
  await sleep(30);
  await playback.close();
  assert.equal(await played.ended, 'stopped');
  assert.equal(await playback.play(sound).ended, 'stopped');
  await playback.close();
});
