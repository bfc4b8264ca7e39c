import assert from 'node:assert/strict';
import test from 'node:test';
import { isImmediate, msToTimetag, timetagToMs } from './timetag.ts';

const now = Date.UTC(2026, 10, 24, 12);

test('the NTP epoch is 70 years before the Unix epoch', () => {
  assert.deepEqual(msToTimetag(0), [2_208_988_800, 0]);
  assert.equal(timetagToMs([2_208_988_800, 2 ** 31], 0), 500);
});

test('a time keeps its fraction to a millionth of a second', () => {
  for (const part of [0, 0.25, 0.001, 123.456, 999.9995]) {
    assert.ok(Math.abs(timetagToMs(msToTimetag(now + part), now) - (now + part)) < 0.0005, String(part));
  }
  assert.equal(timetagToMs(msToTimetag(now + 0.5), now), now + 0.5);
});

test('a fraction that rounds up to a whole second carries', () => {
  assert.deepEqual(msToTimetag(now + 999.9999999), msToTimetag(now + 1000));
});

test('the seconds wrap in February 2036 without a gap', () => {
  const wrap = Date.UTC(2036, 1, 7, 6, 28, 16);
  assert.deepEqual(msToTimetag(wrap), [0, 0]);
  assert.equal(timetagToMs(msToTimetag(wrap + 500), wrap - 500), wrap + 500);
  assert.equal(timetagToMs(msToTimetag(wrap - 500), wrap + 500), wrap - 500);
  assert.equal(timetagToMs(msToTimetag(wrap + 86_400_000 * 400), wrap + 86_400_000 * 399.9), wrap + 86_400_000 * 400);
});

test('senders without a clock are in the past, not in 2036', () => {
  for (const seconds of [0, 5, 3600, now / 1000]) assert.ok(timetagToMs([Math.floor(seconds), 7], now) < now);
});

test('1 means immediately, and so does 0, which some senders mean by it', () => {
  assert.deepEqual(
    [isImmediate([0, 1]), isImmediate([0, 0]), isImmediate([0, 2]), isImmediate([1, 1])],
    [true, true, false, false],
  );
});
