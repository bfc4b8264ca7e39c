/**
 * A night's work at a farm: thousands of bulk clips of a little voice by one worker of one lane, with live clips in between, as a person
 * asks for them. How long live clips take before, and beside the bulk load; clips that were lost, ended twice, or have other bytes than the
 * local engine's (every 100th). `node --import tsx server/bench/farm-bulk.ts [--clips 20000] [--live 60] [--every 1000] [--out FILE]`
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Engine, EngineResult } from '../engine/engine.ts';
import { request, voiceDir } from '../engine/fixtures.ts';
import { createEngine } from '../engine/process/pool.ts';
import { FarmEngine } from '../farm/engine.ts';
import { clipHash } from '../farm/fingerprint.ts';
import { skip, TestBroker } from '../farm/test/broker.ts';
import { WorkerProcesses } from './farm-workers.ts';
import { machine, memoryOf, percentiles, print } from './support.ts';

const { values } = parseArgs({
  options: {
    clips: { type: 'string', default: '20000' },
    live: { type: 'string', default: '60' },
    every: { type: 'string', default: '1000' },
    out: { type: 'string' },
  },
});
if (skip !== false) throw new Error(skip);
const voice = 'tiny-stacked';
const SAMPLED = 100;
const clips = Number(values.clips);
const broker = await TestBroker.start();
const local = createEngine({ lanes: 1 });
const desk = new FarmEngine({ address: { url: broker.url }, name: 'desk', local, log: () => undefined });
const workers = await WorkerProcesses.of(desk, broker.url, path.dirname(voiceDir(voice)));
await desk.load(voiceDir(voice));
await workers.start(1);

const run = (engine: Engine, seed: number, urgent: boolean): Promise<EngineResult> =>
  engine.run(request(voice, { seed, urgent }), () => undefined).done;

// Seeds of live clips, which no bulk clip has.
let liveSeed = 1_000_000;
async function live(): Promise<number> {
  const begun = performance.now();
  await run(desk, liveSeed++, true);
  return performance.now() - begun;
}

for (let i = 0; i < 10; i++) await live();
const idle: number[] = [];
for (let i = 0; i < Number(values.live); i++) idle.push(await live());
const loads = [loadavg()[0]!];
const ended = new Map<number, number>();
const sampled = new Map<number, string>();
const failures: string[] = [];
const begun = performance.now();
let next = 0;
const lane = async (): Promise<void> => {
  while (next < clips) {
    const seed = next++;
    try {
      const result = await run(desk, seed, false);
      if (seed % SAMPLED === 0) sampled.set(seed, clipHash(result));
    } catch (error) {
      failures.push((error as Error).message);
    }
    ended.set(seed, (ended.get(seed) ?? 0) + 1);
    if (ended.size % 1000 === 0) loads.push(loadavg()[0]!);
    if (ended.size % 1000 === 0) process.stderr.write(`${ended.size} clips\n`);
  }
};
let isOver = false;
const bulk = Promise.all(Array.from({ length: desk.slots }, lane)).then(() => {
  isOver = true;
});
const beside: number[] = [];
while (!isOver) {
  beside.push(await live());
  await wait(Number(values.every));
}
await bulk;
const seconds = (performance.now() - begun) / 1000;
const status = await desk.farm.status();
const memory = { brokerMb: memoryOf(broker.pid), serverMb: memoryOf('self') };
let wrong = 0;
for (const [seed, sha256] of sampled) if (clipHash(await run(local, seed, false)) !== sha256) wrong += 1;
const result = {
  bench: 'farm-bulk',
  ...machine(),
  voice,
  loadAverage: loads,
  clips,
  seconds,
  clipsPerSecond: clips / seconds,
  lost: clips - ended.size,
  doubled: [...ended.values()].filter((times) => times > 1).length,
  failed: failures.length,
  compared: sampled.size,
  wrong,
  liveMs: { idle: percentiles(idle), besideBulk: percentiles(beside) },
  bytesAtBroker: status.clipBytes,
  left: status.queues.reduce((sum, { waiting, taken }) => sum + waiting + taken, 0),
  ...memory,
  farm: desk.info().farm,
};
await workers.stop();
workers.close();
await desk.close();
await broker.stop();
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(result.lost + result.doubled + result.failed + result.wrong > 0 ? 1 : 0);
