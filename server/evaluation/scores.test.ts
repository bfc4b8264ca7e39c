import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Score, ScoreHistory } from './scores.ts';

async function file(t: TestContext): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-scores-'));
  t.after(() => rm(dir, { recursive: true }));
  return path.join(dir, 'scores.jsonl');
}

const average = { fad: 5, low: null, high: null, infinity: null, kad: null, named: 1 };
const score = (clips: number): Score => ({
  when: '2026-01-01T00:00:00.000Z',
  voice: 'v',
  hash: 'h',
  embedder: 'e',
  reference: 'r',
  clips,
  seed: 0,
  temperature: 1,
  guidance: null,
  memorised: null,
  patches: 'sounding' as const,
  classes: {},
  average,
});

test('what was kept before there were intervals of averages and temperatures is read with them', async (t) => {
  const place = await file(t);
  const { temperature, guidance, memorised, patches, ...old } = score(8);
  const one = { fad: 5, low: 2, high: 9 };
  const { low, high, ...plain } = average;
  await writeFile(place, `${JSON.stringify({ ...old, classes: { A: one, B: one }, average: plain })}\n`);
  const [read] = await new ScoreHistory(place).list();
  assert.deepEqual([read!.temperature, read!.guidance, read!.memorised, read!.patches], [null, 0, null, 'all']);
  assert.equal(read!.classes.A!.silent, 0);
  assert.ok(Math.abs(read!.average.low! - (5 - 3 / Math.SQRT2)) < 1e-9);
  assert.ok(Math.abs(read!.average.high! - (5 + 4 / Math.SQRT2)) < 1e-9);
});

test('only the latest thousand are kept', async (t) => {
  const place = await file(t);
  await writeFile(place, Array.from({ length: 999 }, (_, i) => `${JSON.stringify(score(i))}\n`).join(''));
  const book = new ScoreHistory(place);
  await Promise.all([book.add(score(999)), book.add(score(1000)), book.add(score(1001))]);
  const clips = (await new ScoreHistory(place).list()).map((one) => one.clips);
  assert.deepEqual([clips.length, clips[0], clips.at(-1)], [1000, 2, 1001]);
  assert.equal((await readFile(place, 'utf8')).trim().split('\n').length, 1000);
});

test('evaluations that come with the voices are listed before those made here, and never written', async (t) => {
  const [place, shipped] = [await file(t), await file(t)];
  await writeFile(shipped, `${JSON.stringify(score(1))}\n`);
  const history = new ScoreHistory(place, shipped);
  await history.add(score(2));
  assert.deepEqual(
    (await history.list()).map(({ clips }) => clips),
    [1, 2],
  );
  assert.equal((await readFile(place, 'utf8')).trim().split('\n').length, 1);
});
