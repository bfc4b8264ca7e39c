import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createOfflinePlayback } from './offline.ts';

const click = Float32Array.of(0.5, 0, 0, 0);
const ones = (n: number): Float32Array => new Float32Array(n).fill(0.5);
const settled = <T>(promise: Promise<T>): Promise<T | 'open'> =>
  Promise.race([promise, new Promise<'open'>((r) => setImmediate(() => r('open')))]);

for (const rate of [44_100, 48_000]) {
  test(`a click asked for at a frame sounds at that frame, at ${rate} Hz and whatever the blocks`, () => {
    for (const block of [1, 64, 127, 512, 5000]) {
      const playback = createOfflinePlayback({ rate, began: 1.7e12 });
      const sound = playback.prepare(click, rate);
      const frame = 3217;
      const played = playback.play(sound, { at: 1.7e12 + (frame / rate) * 1000, pan: -1 });
      const left: number[] = [];
      while (left.length < 5000) left.push(...playback.render(block)[0]!);
      assert.equal(played.frame, frame);
      assert.equal(played.late, 0);
      assert.deepEqual([left.findIndex((x) => x !== 0), left[frame]], [frame, 0.5]);
    }
  });
}

test('a sound of another rate is resampled before it plays', async () => {
  const playback = createOfflinePlayback({ rate: 48_000 });
  const sine = new Float32Array(22_050).map((_, i) => 0.5 * Math.sin((2 * Math.PI * 441 * i) / 22_050));
  const sound = await playback.prepareNow(sine, 22_050);
  assert.equal(sound.seconds, 1);
  const { frame } = playback.play(sound, { pan: -1 });
  const [left] = playback.render(48_000);
  for (let i = 2000; i < 40_000; i += 777) {
    const expected = 0.5 * Math.sin((2 * Math.PI * 441 * i) / 48_000);
    assert.ok(Math.abs(left![i + frame]! - expected) < 1e-3);
  }
});

test('pan keeps the power', () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (pan) => {
      const playback = createOfflinePlayback();
      const { frame } = playback.play(playback.prepare(ones(200), 48_000), { pan });
      const [left, right] = playback.render(frame + 100);
      assert.ok(Math.abs(Math.hypot(left![frame + 9]!, right![frame + 9]!) - 0.5) < 1e-6);
    }),
  );
});

test('fades begin and end in silence', () => {
  const playback = createOfflinePlayback();
  const played = playback.play(playback.prepare(ones(4800), 48_000), { pan: -1, fadeIn: 0.01, fadeOut: 0.02 });
  const [left] = playback.render(6000);
  const at = (n: number): number => left![played.frame + n]!;
  assert.equal(at(0), 0);
  assert.ok(Math.abs(at(240) - 0.25) < 1e-6);
  assert.equal(at(1000), 0.5);
  assert.ok(Math.abs(at(4800 - 480) - 0.25) < 1e-6);
  assert.ok(at(4799) < 0.001);
});

test('a loop goes on without a gap until it is stopped', async () => {
  const playback = createOfflinePlayback();
  const ramp = new Float32Array(100).map((_, i) => i / 200);
  const played = playback.play(playback.prepare(ramp, 48_000), {
    loop: true,
    pan: -1,
    offset: 10 / 48_000,
    length: 50 / 48_000,
  });
  const [left] = playback.render(2000);
  for (let i = 0; i < 1500; i++) assert.equal(left![played.frame + i], ramp[10 + (i % 50)]);
  assert.equal(await settled(played.ended), 'open');
  assert.ok(playback.stop(played.voice));
  playback.render(1000);
  assert.equal(await settled(played.ended), 'stopped');
  assert.ok(!playback.stop(played.voice));
});

test('double speed lasts half as long', async () => {
  const playback = createOfflinePlayback();
  const played = playback.play(playback.prepare(ones(1000), 48_000), { speed: 2, pan: -1 });
  const [left] = playback.render(played.frame + 700);
  assert.ok(left![played.frame + 498]! > 0.4);
  assert.equal(left![played.frame + 501], 0);
  assert.equal(await settled(played.ended), 'played');
});

test('a voice ends when its last frame has sounded, not before', async () => {
  const playback = createOfflinePlayback();
  const played = playback.play(playback.prepare(ones(1000), 48_000));
  playback.render(played.frame + 999);
  assert.equal(await settled(played.ended), 'open');
  playback.render(2);
  assert.equal(await settled(played.ended), 'played');
});

test('a new sound of a choke group ends the others of it, others go on', async () => {
  const playback = createOfflinePlayback();
  const sound = playback.prepare(ones(48_000), 48_000);
  const hat = playback.play(sound, { choke: 'hat', pan: -1 });
  const other = playback.play(sound, { choke: 'drum', pan: 1 });
  const late = playback.play(sound, { choke: 'hat', at: 500, gain: 0 });
  playback.render(48 * 400);
  assert.equal(await settled(hat.ended), 'open');
  playback.render(48 * 110);
  assert.deepEqual(await Promise.all([hat, other, late].map((p) => settled(p.ended))), ['choked', 'open', 'open']);
});

test('64 voices sound at once; one more steals the oldest of the quietest, without a click', async () => {
  const playback = createOfflinePlayback({ ceiling: 100 });
  const sound = playback.prepare(ones(48_000), 48_000);
  const voices = Array.from({ length: 64 }, (_, i) =>
    playback.play(sound, { pan: -1, gain: i >= 10 && i < 20 ? 0.1 : 1 }),
  );
  playback.render(1000);
  assert.equal(playback.info().voices.active, 64);
  assert.ok(Math.abs(playback.render(100)[0]![99]! - (54 + 1) * 0.5) < 1e-4);
  playback.play(sound, { gain: 0 });
  const [left] = playback.render(1000);
  for (let i = 1; i < 1000; i++) assert.ok(Math.abs(left![i]! - left![i - 1]!) < 0.001);
  const ends = await Promise.all(voices.map((v) => settled(v.ended)));
  assert.deepEqual(
    ends.flatMap((end, i) => (end === 'open' ? [] : [[i, end]])),
    [[10, 'stolen']],
  );
  assert.equal(playback.info().voices.active, 64);
});

test('a time that is past plays now and says how late it is', () => {
  const playback = createOfflinePlayback({ began: 1e12 });
  playback.render(48_000);
  const played = playback.play(playback.prepare(click, 48_000), { at: 1e12 + 400 });
  assert.ok(Math.abs(played.late - (played.at - (1e12 + 400))) < 1e-6);
  assert.ok(played.late >= 600 && played.late < 610);
});

test('the mix never exceeds the ceiling, and quiet sound passes untouched', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.double({ min: 0, max: 16, noNaN: true })), {
        minLength: 1,
        maxLength: 30,
      }),
      (hits) => {
        const playback = createOfflinePlayback({ ceiling: 0.9 });
        const noise = new Float32Array(800).map((_, i) => Math.sin(i * i));
        for (const [start, gain] of hits) playback.play(playback.prepare(noise, 48_000), { at: start / 48, gain });
        for (const channel of playback.render(6000)) assert.ok(channel.every((x) => Math.abs(x) <= Math.fround(0.9)));
      },
    ),
    { numRuns: 30 },
  );
});

test('no option, however wrong, throws, sounds wrong or never ends', async () => {
  const odd = fc.oneof(
    fc.constantFrom(Number.NaN, -1, 1e308, -1e308, Infinity, -Infinity, 0, 1e-320, undefined, null, 'x'),
    fc.double(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        at: odd,
        gain: odd,
        pan: odd,
        offset: odd,
        length: odd,
        fadeIn: odd,
        fadeOut: odd,
        speed: odd,
        bus: odd,
      }),
      async (options) => {
        const playback = createOfflinePlayback({ began: 1e6 });
        const played = playback.play(playback.prepare(ones(300), 48_000), options as never);
        for (const channel of playback.render(3000)) assert.ok(channel.every((x) => Math.abs(x) <= 1));
        playback.stop(played.voice, options.at as never);
        playback.stopAll(Number.NaN);
        playback.render(48_000 * 61);
        assert.notEqual(await settled(played.ended), 'open');
      },
    ),
    { numRuns: 60 },
  );
});
