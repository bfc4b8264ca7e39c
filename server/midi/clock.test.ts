import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MidiClock } from './clock.ts';

/** A clock of this tempo, each tick late by up to `jitter` ms; `start` is when its first tick should come. */
function ticking({ tempo = 120, jitter = 0, start = 1e12 } = {}) {
  let now = start;
  let noise = 1;
  let each = 60_000 / tempo / 24;
  let due = start;
  const clock = new MidiClock(() => now);
  const run = (ticks: number): void => {
    for (let i = 0; i < ticks; i++) {
      noise = (noise * 1_103_515_245 + 12_345) % 2 ** 31;
      now = due + (jitter * noise) / 2 ** 31;
      due += each;
      clock.hear({ type: 'tick' }, now);
    }
  };
  const say = (type: 'start' | 'stop' | 'continue'): void => clock.hear({ type }, now);
  return {
    clock,
    start,
    run,
    say,
    now: () => now,
    due: () => due,
    move: (sixteenths: number): void => clock.hear({ type: 'position', sixteenths }, now),
    /** Nothing comes for so long. */
    pass(ms: number): void {
      now += ms;
      due = Math.max(due, now);
    },
    set(beats: number): void {
      each = 60_000 / beats / 24;
    },
  };
}

const near = (actual: number | null, expected: number, most: number): void => {
  assert.ok(actual !== null && Math.abs(actual - expected) <= most, `${actual} is not ${expected}`);
};

test('tempo and the next beat are found through jitter', () => {
  for (const tempo of [60, 93.7, 128, 200]) {
    const { clock, start, now, run, say } = ticking({ tempo, jitter: 4 });
    const each = 60_000 / tempo / 24;
    say('start');
    run(100);
    near(clock.tempo, tempo, tempo * 0.01);
    // Ticks are late by half the jitter on average, and so is what they say.
    near(clock.next(1, now()), start + 5 * 24 * each + 2, 2);
    near(clock.next(4, now()), start + 8 * 24 * each + 2, 3);
    near(clock.next(0.25, now()), start + 102 * each + 2, 2);
  }
});

test('a hit that comes with the beat is on it, even a little after; one that comes later waits', () => {
  const { clock, start, run, say } = ticking();
  say('start');
  run(49);
  const beat = start + 1000;
  for (const off of [-3, 0, 1e-6, 5, 9.9]) near(clock.next(1, beat + off), beat, 1e-2);
  near(clock.next(1, beat + 10.1), beat + 500, 1e-2);
  // Of short steps a quarter is the most that it may be late: 64ths last 31 ms here.
  near(clock.next(1 / 16, beat + 7), beat, 1e-2);
  near(clock.next(1 / 16, beat + 8), beat + 31.25, 1e-2);
});

test('beats are counted from the song position, and go on from where the clock stopped', () => {
  const { clock, run, say, move, now } = ticking();
  say('start');
  run(49);
  near(clock.position(now()), 2, 1e-2);
  say('stop');
  assert.deepEqual([clock.tempo, clock.next(1, now()), clock.position(now())], [null, null, null]);
  move(32);
  say('continue');
  run(1);
  near(clock.position(now()), 8, 1e-2);
  run(24);
  say('stop');
  run(100);
  say('continue');
  run(24);
  near(clock.position(now()), 10, 1e-2);
});

test('a clock that falls silent is none, and one that comes again is one again', () => {
  const { clock, run, pass, now } = ticking();
  run(30);
  assert.equal(clock.isRunning, true);
  assert.equal(clock.isStarted, false, 'nobody pressed play');
  pass(600);
  assert.deepEqual([clock.tempo, clock.next(1, now()), clock.position(now())], [null, null, null]);
  run(2);
  near(clock.tempo, 120, 1e-2);
});

test('the first beat after a start is known from its first tick, if the tempo was', () => {
  const { clock, run, say, now, due } = ticking({ tempo: 100 });
  say('start');
  run(2);
  assert.equal(clock.next(1, now()), null, 'two ticks are no tempo');
  run(10);
  say('stop');
  // Some clocks tick while they stand.
  run(50);
  assert.equal(clock.isRunning, false);
  const song = due();
  say('start');
  run(1);
  near(clock.next(1, now() + 50), song + 600, 1e-2);
});

test('another tempo is followed within a beat, and a tick that was held up is none', () => {
  const { clock, run, say, set, now, due, start } = ticking();
  say('start');
  run(97);
  set(90);
  run(24);
  near(clock.tempo, 90, 0.01);
  // The last tick was the beat.
  near(clock.next(1, now() + 20), due() + 23 * (60_000 / 90 / 24), 1e-2);
  const steady = ticking();
  steady.run(48);
  // Two ticks that came when the third did.
  const late = start + 50 * 20.833;
  for (let i = 0; i < 3; i++) steady.clock.hear({ type: 'tick' }, late);
  near(steady.clock.tempo, 120, 3);
});

test('nonsense as a step is no beat, and clocks that jump back do no harm', () => {
  const { clock, run, now } = ticking();
  run(48);
  for (const step of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(clock.next(step, now()), null);
  const back = now() - 100_000;
  for (let i = 0; i < 30; i++) clock.hear({ type: 'tick' }, back + i * 20);
  assert.equal(clock.tempo, null, 'it ticked long ago');
});
