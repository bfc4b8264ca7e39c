/**
 * A render farm on this machine: a real broker, one and two workers of one lane as processes, against the local engine of one
 * lane. Clips a second, what a live clip takes longer, how long live clips take beside bulk ones, bytes a clip.
 * `node --import tsx server/bench/farm.ts [--rounds 3] [--clips 60] [--live 40] [--dir VOICE] [--out FILE]`
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Engine, EngineRequest } from '../engine/engine.ts';
import { requestOf, voiceDir } from '../engine/fixtures.ts';
import { createEngine } from '../engine/process/pool.ts';
import { FarmEngine } from '../farm/engine.ts';
import { readCard } from '../farm/fingerprint.ts';
import { skip, TestBroker } from '../farm/test/broker.ts';
import { WorkerProcesses } from './farm-workers.ts';
import { summary } from './summary.ts';
import { childrenOf, cpuOf, machine, print } from './support.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    clips: { type: 'string', default: '60' },
    live: { type: 'string', default: '40' },
    dir: { type: 'string', default: voiceDir('tiny-stacked') },
    out: { type: 'string' },
  },
});
if (skip !== false) throw new Error(skip);
const dir = path.resolve(values.dir);
const { card } = await readCard(dir);
const rounds = Number(values.rounds);
const broker = await TestBroker.start();
const local = createEngine({ lanes: 1 });
const desk = new FarmEngine({ address: { url: broker.url }, name: 'desk', local, log: () => undefined });
const workers = await WorkerProcesses.of(desk, broker.url, path.dirname(dir));
let seeds = 1;

function order(urgent = false): EngineRequest {
  const classWeights = card.classes.map((_, id) => (id === 0 ? 1 : 0));
  return requestOf(dir, classWeights, { seed: seeds++, rate: card.audio.rate, urgent });
}

/** Clips a second of an engine that always has as many to make as it takes at a time. */
async function rate(engine: Engine, clips: number, slots: number): Promise<number> {
  let left = clips;
  const begun = performance.now();
  const one = async (): Promise<void> => {
    while (left-- > 0) await engine.run(order(), () => undefined).done;
  };
  await Promise.all(Array.from({ length: slots }, one));
  return (clips * 1000) / (performance.now() - begun);
}

/** Processor time a clip, by process. */
type Spent = Map<string, number[]>;

function note(spent: Spent, before: Record<string, number>, after: Record<string, number>, clips: number): void {
  for (const [name, ms] of Object.entries(after))
    spent.set(name, [...(spent.get(name) ?? []), (ms - before[name]!) / clips]);
}

function processorTime(): Record<string, number> {
  const of = (pids: (number | null | undefined)[]): number => pids.reduce<number>((sum, pid) => sum + cpuOf(pid!), 0);
  return {
    server: of([process.pid]),
    localLane: of([local.info().pid]),
    broker: of([broker.pid]),
    worker: of(workers.running.map(({ pid }) => pid)),
    workerLane: of(workers.running.flatMap(({ pid }) => childrenOf(pid!))),
  };
}

async function live(engine: Engine): Promise<number> {
  const begun = performance.now();
  await engine.run(order(true), () => undefined).done;
  return performance.now() - begun;
}

await desk.load(dir);
const loads = [loadavg()[0]!];
const rates = { local: [] as number[], oneWorker: [] as number[], twoWorkers: [] as number[] };
/** Milliseconds of processor time a clip, by process. */
const cpu = Object.fromEntries(Object.keys(rates).map((kind) => [kind, new Map()])) as Record<
  keyof typeof rates,
  Spent
>;
const times = { local: [] as number[], farm: [] as number[], beside: [] as number[] };
await rate(local, 8, 4);
for (let round = 0; round < rounds; round++) {
  const before = processorTime();
  rates.local.push(await rate(local, Number(values.clips), 4));
  const after = processorTime();
  note(cpu.local, before, after, Number(values.clips));
  for (const count of [1, 2]) {
    await workers.start(count);
    const kind = count === 1 ? 'oneWorker' : 'twoWorkers';
    await rate(desk, 8 * count, desk.slots);
    const before = processorTime();
    const clips = Number(values.clips) * count;
    rates[kind].push(await rate(desk, clips, desk.slots));
    const after = processorTime();
    note(cpu[kind], before, after, clips);
    if (count === 1 && Number(values.live) > 0) {
      for (let i = 0; i < Number(values.live) / rounds; i++) {
        times.local.push(await live(local));
        times.farm.push(await live(desk));
      }
      const bulk = rate(desk, 3 * Number(values.clips), 8);
      let isOver = false;
      void bulk.then(() => (isOver = true));
      while (!isOver) {
        times.beside.push(await live(desk));
        await wait(100);
      }
    }
    await workers.stop();
  }
  loads.push(loadavg()[0]!);
}
const { clipBytes, made } = await desk.farm.status();
const added = times.farm.map((ms, i) => ms - times.local[i]!);
const of = (name: keyof typeof rates): number => summary(rates[name]).median;
const sorted = [...times.beside].sort((a, b) => a - b);
const result = {
  bench: 'farm',
  ...machine(),
  voice: path.basename(dir),
  loadAverage: loads,
  clipsPerSecond: Object.fromEntries(Object.entries(rates).map(([name, raw]) => [name, summary(raw)])),
  cpuMsPerClip: Object.fromEntries(
    Object.entries(cpu).map(([kind, spent]) => [
      kind,
      Object.fromEntries([...spent].map(([name, raw]) => [name, summary(raw)])),
    ]),
  ),
  oneWorkerOfLocal: of('oneWorker') / of('local'),
  twoWorkersOfTwiceLocal: of('twoWorkers') / (2 * of('local')),
  ...(added.length === 0
    ? {}
    : {
        liveMs: { local: summary(times.local), farm: summary(times.farm), added: summary(added) },
        liveBesideBulkMs: { ...summary(times.beside), p99: sorted[Math.floor(0.99 * (sorted.length - 1))] },
      }),
  bytesPerClip: Math.round(clipBytes / made),
  farm: desk.info().farm,
};
await desk.close();
await broker.stop();
workers.close();
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(0);
