import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createOfflinePlayback } from './offline.ts';
import { PlayedStream } from './played-stream.ts';

const RATE = 48_000;
/** Seconds, and those that are played at a time. */
const [LENGTH, TURN] = [3, 0.1];

interface Part {
  offset: number;
  pcm: Float32Array;
}

/** What is heard of parts, each added when the playhead comes so many seconds before it. */
async function heard(rate: number, parts: readonly (Part & { before: number })[]): Promise<Float32Array> {
  const playback = createOfflinePlayback({ rate: RATE });
  const stream = new PlayedStream(playback, rate, { pan: -1 }, () => undefined);
  const out = new Float32Array(LENGTH * RATE);
  let next = 0;
  for (let at = 0; at < out.length; at += TURN * RATE) {
    for (; next < parts.length && parts[next]!.offset / rate - parts[next]!.before <= at / RATE; next++)
      stream.add(parts[next]!.offset, parts[next]!.pcm);
    // Resampling is another turn of the event loop.
    await wait(at === 0 ? 200 : 1);
    out.set(playback.render(TURN * RATE)[0]!.subarray(0, out.length - at), at);
  }
  assert.equal(next, parts.length);
  assert.equal(stream.pauses, 0);
  return out;
}

for (const rate of [48_000, 22_050])
  test(`a stream of ${rate} Hz whose end is replaced sounds as one that was so from the beginning`, async () => {
    const noise = (seed: number): Float32Array =>
      Float32Array.from(
        { length: (LENGTH + 1) * rate },
        (_, i) => 0.4 * Math.sin(i * 0.11 + seed * Math.sin(i * 0.013)),
      );
    const [first, second, third] = [noise(1), noise(2), noise(3)];
    const at = (seconds: number): number => Math.round(seconds * rate);
    const part = (pcm: Float32Array, from: number, to: number, before: number) => ({
      offset: at(from),
      pcm: pcm.subarray(at(from), at(to)),
      before,
    });
    const parts = [
      part(first, 0, 0.28, 1),
      part(first, 0.28, 1.5, 1),
      part(second, 0.7, 0.8, 0.2),
      part(second, 0.8, 2, 0.25),
      part(third, 1.2, 1.3, 0.15),
      part(third, 1.3, 4, 0.15),
    ];
    const final = Float32Array.from(first, (x, i) => (i < at(0.7) ? x : i < at(1.2) ? second[i]! : third[i]!));
    const whole = [{ offset: 0, pcm: final, before: 1 }];
    const [one, other] = [await heard(rate, parts), await heard(rate, whole)];
    assert.deepEqual(one, other);
    assert.ok(other.some((x) => Math.abs(x) > 0.2));
  });
