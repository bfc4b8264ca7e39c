/** A slice of `npm run torture`: a few seconds of frames at a server in its own process, a few kills, and all that was ever found. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fuzzing } from '../fuzz/arbitraries.ts';
import { FOUND, type Kept, replay } from './found.ts';
import { killSeries } from './kill.ts';
import { minimise } from './minimise.ts';
import { type KeptFrame, replayFrame, tortureParsers } from './parsers.ts';
import { newFolder, removeFolder, start, unable } from './server.ts';
import { wire } from './wire.ts';

const SLICE_MS = 5000;
const PARSERS_MS = 400;

test('a server under fire on every transport ends each request once, and neither dies, hangs nor grows', {
  skip: unable,
}, async (t) => {
  const { seed } = fuzzing(t);
  const report = await wire({ ms: SLICE_MS, seed, server: { engine: 'scripted' } });
  assert.deepEqual(report.found, []);
  assert.deepEqual([report.unended, report.engineRestarts], [0, 0]);
  const frames = [...report.targets.values()].reduce((sum, one) => sum + one.frames, 0);
  assert.ok(frames > 0);
  t.diagnostic(`${frames} frames, descriptors ${report.before.descriptors} -> ${report.after.descriptors}`);
});

test('damaged files of a data folder and voices from elsewhere are refused, and are no fault of the server', async (t) => {
  const { seed } = fuzzing(t);
  const found: string[] = [];
  const reports = [];
  for (const only of ['data folders', 'voice packages'])
    reports.push(...(await tortureParsers({ ms: PARSERS_MS, seed, only, fault: (line) => found.push(line) })));
  assert.deepEqual(found, []);
  assert.deepEqual(
    reports.map(({ parser, frames }) => [parser, frames > 0]),
    [
      ['data folders', true],
      ['voice packages', true],
    ],
  );
});

test('a server that is killed in the middle of its writes has lost nothing when it is there again', {
  skip: unable,
}, async (t) => {
  const { seed } = fuzzing(t);
  const report = await killSeries({ kills: 2, seed, names: ['save', 'map', 'star', 'kept', 'batch', 'activate'] });
  assert.equal(report.kills, 2);
});

const kept = readdirSync(FOUND).filter((name) => name.endsWith('.json'));
test('what was found once is not found again', {
  skip: unable || (kept.length === 0 && 'nothing was found so far'),
}, async (t) => {
  const data = await newFolder();
  const server = await start(data);
  t.after(async () => {
    await server.kill();
    await removeFolder(data);
  });
  for (const name of kept) {
    const found = JSON.parse(readFileSync(path.join(FOUND, name), 'utf8')) as Kept | KeptFrame;
    if ('parts' in found) await replay(server, found);
    else await replayFrame(found);
  }
  assert.deepEqual(server.faults, []);
});

test('what fails is made as small as it can be', async () => {
  const frames = ['abc', 'dead', 'xyz'].map((text) => ({ bytes: new TextEncoder().encode(text) }));
  const least = await minimise(frames, async (some) => some.some(({ bytes }) => bytes.includes('d'.charCodeAt(0))));
  assert.deepEqual(
    least.map(({ bytes }) => new TextDecoder().decode(bytes)),
    ['d'],
  );
});
