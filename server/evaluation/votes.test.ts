import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Vote, VoteHistory, wilson } from './votes.ts';

async function file(t: TestContext): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-votes-'));
  t.after(() => rm(dir, { recursive: true }));
  return path.join(dir, 'data', 'votes.jsonl');
}

function vote(a: string, b: string, liked: Vote['liked']): Vote {
  const when = '2026-01-01T00:00:00.000Z';
  return { when, voices: [a, b], hashes: [`hash of ${a}`, `hash of ${b}`], liked, class: 'Rain', seed: 1 };
}

test('an interval is that of tables for 8 of 10, and stays within 0 and 1', () => {
  const { share, low, high } = wilson(8, 10);
  assert.deepEqual([share, Number(low.toFixed(3)), Number(high.toFixed(3))], [0.8, 0.49, 0.943]);
  assert.equal(wilson(0, 3).low, 0);
  assert.equal(wilson(3, 3).high, 1);
});

test('votes on a pair count in whatever order its voices were named, and are there after a restart', async (t) => {
  const at = await file(t);
  const votes = new VoteHistory(at);
  await votes.add(vote('x', 'y', 'first'));
  await votes.add(vote('y', 'x', 'second'));
  await votes.add(vote('x', 'z', 'first'));
  const told = await votes.add(vote('y', 'x', 'alike'));
  assert.deepEqual([told.voices, told.liked, told.alike, told.votes], [['y', 'x'], [0, 2], 1, 3]);
  assert.equal(told.share, 0.5 / 3);
  await appendFile(at, 'no JSON\n{"liked":"first"}\n');
  const again = await new VoteHistory(at).preferences();
  assert.deepEqual(
    again.map(({ voices, votes: n }) => [voices, n]),
    [
      [['y', 'x'], 3],
      [['x', 'z'], 1],
    ],
  );
  const [turned, other] = await new VoteHistory(at).preferences('hash of x');
  assert.deepEqual([turned!.voices, turned!.liked, turned!.share], [['x', 'y'], [2, 0], 1 - 0.5 / 3]);
  assert.deepEqual(other!.voices, ['x', 'z']);
  assert.deepEqual([turned!.low, turned!.high], [1 - again[0]!.high, 1 - again[0]!.low]);
});

test('votes that are forgotten are those of one pair', async (t) => {
  const at = await file(t);
  const votes = new VoteHistory(at);
  for (const one of [vote('x', 'y', 'first'), vote('y', 'x', 'first'), vote('x', 'z', 'alike')]) await votes.add(one);
  assert.equal(await votes.forget(['hash of y', 'hash of x']), 2);
  assert.equal(await votes.forget(['hash of y', 'hash of x']), 0);
  assert.deepEqual(
    (await new VoteHistory(at).preferences()).map(({ voices }) => voices),
    [['x', 'z']],
  );
});
