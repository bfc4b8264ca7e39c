import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FallbackClock, HostTransport } from './host-transport.ts';

const none: FallbackClock = { next: () => null, position: () => null, info: () => ({ clock: null, tempo: null }) };
const midi: FallbackClock = { next: () => 42, position: () => 7.5, info: () => ({ clock: 'Pads', tempo: 99 }) };
/** A song at 120 beats a minute that was at beat 0 at second 1000. */
const song = (other = none): HostTransport => {
  const transport = new HostTransport(other);
  transport.set({ playing: true, tempo: 120, beat: 0 }, 1_000_000);
  return transport;
};

test('a song goes on from what was told of it', () => {
  const transport = song();
  assert.deepEqual(transport.state(1_001_250), { playing: true, tempo: 120, beat: 2.5, source: 'client' });
  assert.equal(transport.next(1, 1_001_250), 1_001_500);
  assert.equal(transport.next(4, 1_001_250), 1_002_000);
  assert.equal(transport.next(1 / 3, 1_001_250)?.toFixed(3), (1_000_000 + 500 * (8 / 3)).toFixed(3));
});

test('a hit just after a beat is on it', () => {
  assert.equal(song().next(1, 1_000_509), 1_000_500);
  assert.equal(song().next(1, 1_000_511), 1_001_000);
  assert.equal(song().next(1 / 64, 1_000_509)! > 1_000_505, true, 'not where beats are closer than that');
});

test('another tempo bends the song where it is told; a count-in has beats below 0', () => {
  const transport = song();
  transport.set({ playing: true, tempo: 60 }, 1_001_000);
  assert.equal(transport.state(1_002_000).beat, 3);
  assert.equal(transport.next(1, 1_002_100), 1_003_000);
  transport.set({ playing: true, beat: -4 }, 1_010_000);
  assert.equal(transport.state(1_011_000).beat, -3);
  assert.equal(transport.next(4, 1_011_000), 1_014_000);
});

test('a song that stands has no beats, keeps its place and lets a MIDI clock count', () => {
  const transport = song(midi);
  assert.equal(transport.next(1, 1_000_001), 1_000_000, 'the client goes before the clock');
  transport.set({ playing: false }, 1_001_000);
  assert.equal(transport.next(1, 1_002_000), 42);
  assert.deepEqual(transport.state(1_002_000), { playing: true, tempo: 99, beat: 7.5, source: 'Pads' });
  transport.set({ playing: true }, 1_005_000);
  assert.deepEqual([transport.state(1_005_000).beat, transport.state(1_005_500).beat], [2, 3]);
  const alone = song();
  alone.set({ playing: false }, 1_001_000);
  assert.equal(alone.next(1, 1_002_000), null);
  const gone = song(midi);
  gone.set({ playing: true, lasts: 5 }, 1_001_000);
  assert.equal(gone.next(1, 1_005_900), 1_006_000);
  assert.equal(gone.next(1, 1_006_100), 42, 'a host that says nothing any more');
  assert.equal(gone.state(1_007_000).source, 'Pads');
  gone.set({ playing: true }, 1_009_000);
  assert.equal(gone.state(1_009_000).beat, 12, 'it stood where it was last known to be');
  assert.deepEqual(alone.state(0), { playing: false, tempo: null, beat: null, source: null });
});
