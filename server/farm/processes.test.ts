/** Real workers as processes of their own, real clips of a little voice. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine, EngineEvent, EngineRequest, EngineResult } from '../engine/engine.ts';
import { request, voiceDir } from '../engine/fixtures.ts';
import { createEngine } from '../engine/process/pool.ts';
import { program } from '../util/program.ts';
import { FarmEngine } from './engine.ts';
import { skip, TestBroker } from './test/broker.ts';

let broker: TestBroker;
let root: string;
let local: Engine;
let desk: FarmEngine;
let workers: ChildProcess[] = [];

before(async () => {
  if (skip !== false) return;
  root = await mkdtemp(path.join(tmpdir(), 'foleyd-farm-'));
  broker = await TestBroker.start();
  // Of one without voices they come through the broker, and are tried as an import is.
  workers = [startWorker('render-1', 'none'), startWorker('render-2', path.dirname(voiceDir('tiny-stacked')))];
  local = createEngine({ lanes: 1 });
  desk = new FarmEngine({ address: { url: broker.url }, name: 'desk', local, log: () => undefined });
  await desk.load(voiceDir('tiny-stacked'));
  await until(() => desk.roster.slots() === 8);
});
after(async () => {
  if (skip !== false) return;
  for (const worker of workers) worker.kill('SIGKILL');
  await desk.close();
  await broker.stop();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

function startWorker(name: string, models: string): ChildProcess {
  const { file, execArgv } = program(new URL('./test/worker-child.ts', import.meta.url));
  const args = [broker.url, name, path.join(root, name), path.resolve(root, models)];
  return spawn(process.execPath, [...execArgv, file, ...args], { stdio: 'ignore' });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(10);
}

function order(seed: number, change: Partial<EngineRequest> = {}): EngineRequest {
  return request('tiny-stacked', { seed, ...change });
}

async function make(engine: Engine, asked: EngineRequest): Promise<{ result: EngineResult; events: EngineEvent[] }> {
  const events: EngineEvent[] = [];
  return { result: await engine.run(asked, (event) => events.push(event)).done, events };
}

function soundOf({ codes, pcm, rate }: EngineResult) {
  return { codes, pcm, rate };
}

test('a clip of a worker is the clip of the local engine, bit for bit, with its rows, previews and sound', {
  skip,
}, async () => {
  const changes: Partial<EngineRequest>[] = [
    { urgent: true, previews: true, stream: true },
    { temperature: 0.7, topK: 20, topP: 0.9, rate: 48_000 },
    { start: { codes: (await make(local, order(1))).result.codes, given: new Uint8Array(48).fill(1, 0, 24) } },
  ];
  for (const [i, change] of changes.entries()) {
    const asked = order(300 + i, change);
    if (asked.start !== undefined) asked.start.given = new Uint8Array(asked.start.codes.length).fill(1, 0, 24);
    const [far, near] = [await make(desk, asked), await make(local, asked)];
    assert.match(far.result.maker?.worker ?? 'here', /^render-[12]$/);
    assert.deepEqual(soundOf(far.result), soundOf(near.result));
    // Over the wire rows and previews may be lost; here none was.
    const told = ({ events }: typeof far): unknown[] =>
      events.filter(({ type }) => i === 0 || type === 'row').sort(byKind);
    assert.deepEqual(told(far), told(near));
  }
});

test('clips of a worker that is killed are made by another one, each ends once, and all have the right bytes', {
  skip,
}, async () => {
  const [first] = workers;
  const exited = once(first!, 'exit');
  let [seeds, ended, far]: [number[], number, Awaited<ReturnType<typeof make>>[]] = [[], 0, []];
  // Little clips are quickly made: until there are some that it leaves behind.
  for (let from = 400; !first!.killed; from += 100) {
    seeds = Array.from({ length: 24 }, (_, i) => from + i);
    ended = 0;
    const runs = seeds.map((seed) => make(desk, order(seed)).finally(() => (ended += 1)));
    await until(() => ended >= 2);
    if (ended < seeds.length / 2) first!.kill('SIGKILL');
    far = await Promise.all(runs);
  }
  await exited;
  assert.equal(ended, seeds.length);
  assert.equal(desk.info().farm?.local, 0);
  const near = await Promise.all(seeds.map((seed) => make(local, order(seed))));
  assert.deepEqual(
    far.map(({ result }) => soundOf(result)),
    near.map(({ result }) => soundOf(result)),
  );
});

/** The order between kinds is not promised. */
function byKind(one: EngineEvent, other: EngineEvent): number {
  return one.type < other.type ? -1 : one.type > other.type ? 1 : 0;
}
