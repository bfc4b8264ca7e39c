import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../protocol/index.ts';
import { joined } from '../audio/join.ts';
import { remember, type Stream } from './stream.ts';

const RATE = 100;
const part = (value: number, length: number): Float32Array => new Float32Array(length).fill(value);
const open = (): Stream => ({ sent: 0, latest: [], latestSamples: 0 }) as unknown as Stream;

test('what is sent again takes the place of what was sent from there, over several parts', () => {
  const stream = open();
  remember(stream, 0, part(1, 10), RATE);
  remember(stream, 10, part(2, 10), RATE);
  remember(stream, 20, part(3, 10), RATE);
  remember(stream, 15, part(4, 3), RATE);
  assert.deepEqual([...joined(stream.latest)], [...part(1, 10), ...part(2, 5), ...part(4, 3)]);
  assert.deepEqual([stream.sent, stream.latestSamples], [18, 18]);
  remember(stream, 0, part(5, 2), RATE);
  assert.deepEqual([[...joined(stream.latest)], stream.sent, stream.latestSamples], [[5, 5], 2, 2]);
});

test('of a long stream the latest is held, whatever takes the place of its end', () => {
  const stream = open();
  const most = limits.streamKeepSeconds * RATE;
  for (let at = 0; at < 3 * most; at += 50) remember(stream, at, part(at, 50), RATE);
  remember(stream, 3 * most - 20, part(-1, 40), RATE);
  assert.equal(stream.sent, 3 * most + 20);
  assert.equal(stream.latestSamples, joined(stream.latest).length);
  assert.ok(stream.latestSamples >= most && stream.latestSamples < most + 100, String(stream.latestSamples));
});
