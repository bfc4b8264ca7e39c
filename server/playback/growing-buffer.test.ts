/** Sounds that are played while they are made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPlayback } from './create.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { createOfflinePlayback } from './offline.ts';

const RATE = 48_000;
const ramp = (from: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((from + i) % 1000) / 2000);
const now = <T>(promise: Promise<T>): Promise<T | 'open'> =>
  Promise.race([promise, new Promise<'open'>((resolve) => setImmediate(resolve, 'open'))]);

test('a sound in parts, each there in time, sounds as the whole does, whatever the parts and blocks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(64, 127, 512),
      fc.constantFrom(1, 0.75),
      (size, block, speed) => {
        const length = 20_000;
        const play = (grow: boolean): number[] => {
          const playback = createOfflinePlayback({ rate: RATE });
          const growing = playback.grow(RATE, { seconds: length / RATE });
          const sound = grow ? growing : playback.prepare(ramp(0, length), RATE);
          let at = 0;
          const feed = (until: number): void => {
            for (; grow && at < Math.min(until, length); at += size) growing.add(ramp(at, Math.min(size, length - at)));
            if (at >= length) growing.end();
          };
          feed(6000);
          playback.play(sound, { pan: -1, speed, fadeOut: 0.01 });
          const out: number[] = [];
          while (out.length < length * 1.5) {
            out.push(...playback.render(block)[0]!);
            feed(out.length + 6000);
          }
          return out;
        };
        const whole = play(false);
        const worst = play(true).reduce((most, x, i) => Math.max(most, Math.abs(x - whole[i]!)), 0);
        assert.ok(worst < 1e-6, `off by ${worst}`);
      },
    ),
    { numRuns: 12 },
  );
});

test('a voice whose sound does not come in time fades out at its quietest place and has starved', async () => {
  const playback = createOfflinePlayback({ rate: RATE });
  const sound = playback.grow(RATE, { seconds: 1 });
  const pcm = new Float32Array(4800).fill(0.5);
  // Silent for a moment, within what a fade may take.
  pcm.fill(0, 4400, 4600);
  sound.add(pcm);
  const played = playback.play(sound, { pan: -1 });
  const out = Array.from({ length: 24 }, () => [...playback.render(256)[0]!]).flat();
  assert.equal(await now(played.ended), 'starved');
  const heard = out.slice(played.frame);
  assert.equal(heard[2000], 0.5);
  assert.ok(
    heard.slice(4600).every((x) => x === 0),
    'nothing after the silence',
  );
  const steps = heard.slice(1).map((x, i) => Math.abs(x - heard[i]!));
  assert.ok(Math.max(...steps.slice(1, 4390)) < 0.01, 'no click');
});

test('a voice that waits goes on where it was once there is enough, and counts its pauses', async () => {
  const playback = createOfflinePlayback({ rate: RATE });
  const sound = playback.grow(RATE, { seconds: null, waits: true });
  sound.add(new Float32Array(4800).fill(0.5));
  const played = playback.play(sound, { pan: -1 });
  playback.render(9600);
  assert.equal(played.pauses, 1);
  assert.deepEqual(
    [...playback.render(4800)[0]!].filter((x) => x !== 0),
    [],
  );
  sound.add(new Float32Array(24_000).fill(0.25));
  const again = playback.render(9600)[0]!;
  assert.equal(again[4800], 0.25);
  assert.equal(await now(played.ended), 'open');
  sound.end();
  playback.render(48_000);
  assert.deepEqual([await now(played.ended), played.pauses], ['played', 1]);
});

test('a voice that waits for more can be stopped', async () => {
  const playback = createOfflinePlayback({ rate: RATE });
  const sound = playback.grow(RATE, { seconds: null, waits: true });
  const played = playback.play(sound);
  playback.render(4800);
  assert.equal(await now(played.ended), 'open');
  playback.stop(played.voice);
  playback.render(4800);
  assert.equal(await now(played.ended), 'stopped');
});

test('a ring keeps the latest frames', () => {
  const growing = new GrowingBuffer(10, true);
  growing.add(ramp(0, 25), false);
  assert.deepEqual([growing.oldest, growing.known, growing.at(25)], [15, 25, 0]);
  assert.equal(growing.at(17), Math.fround(17 / 2000));
});

test('a sound in parts is resampled and played by the threads of a server', async (t) => {
  const playback = await createPlayback({ output: 'none', rate: RATE });
  t.after(() => playback.close());
  const sound = playback.grow(22_050, { seconds: 0.2, waits: true });
  for (let i = 0; i < 4; i++) sound.add(new Float32Array(1103).fill(0.1));
  sound.end();
  await sound.ready;
  assert.equal(await playback.play(sound).ended, 'played');
});

test('what takes the place of the end of a sound that plays is heard from its own sample on', () => {
  const playback = createOfflinePlayback({ rate: RATE });
  const sound = playback.grow(RATE, { seconds: null, waits: true });
  sound.add(ramp(0, 20_000));
  const played = playback.play(sound, { pan: -1 });
  const out = [...playback.render(4000)[0]!];
  sound.add(new Float32Array(3000).fill(0.25), 9000);
  sound.add(new Float32Array(9000).fill(-0.25));
  while (out.length < 18_000) out.push(...playback.render(500)[0]!);
  const heard = out.slice(played.frame);
  const wanted = (i: number): number => (i < 9000 ? ramp(i, 1)[0]! : i < 12_000 ? 0.25 : -0.25);
  const worst = heard.slice(0, 17_000).reduce((most, x, i) => Math.max(most, Math.abs(x - wanted(i))), 0);
  assert.ok(worst < 1e-6, `off by ${worst}`);
  assert.equal(played.pauses, 0);
});
