/**
 * A farm of hundreds of workers, by simulation: the broker, the protocol, the server's and the workers' code are the real ones; in
 * place of the neural engine a timer says when a clip is done (`--ms`), and all workers are in one process. Measures clips a
 * second, how long live clips take with and without bulk clips beside them, and the memory of broker and process.
 * `node --import tsx server/bench/farm-scale.ts [--workers 100,300,1000] [--clips 2000] [--ms 1000] [--out FILE]`
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EngineRequest } from '../engine/engine.ts';
import { requestOf } from '../engine/fixtures.ts';
import { FarmEngine } from '../farm/engine.ts';
import { BrokerLink } from '../farm/link.ts';
import { skip, TestBroker } from '../farm/test/broker.ts';
import { FarmWorker } from '../farm/worker.ts';
import { WorkerVoices } from '../farm/worker-voices.ts';
import { TimedEngine } from '../test/support/timed-engine.ts';
import { writeVoice } from '../test/support/voice.ts';
import { cpuOf, machine, memoryOf, percentiles, print } from './support.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '100,300,1000' },
    clips: { type: 'string', default: '2000' },
    live: { type: 'string', default: '60' },
    ms: { type: 'string', default: '1000' },
    samples: { type: 'string', default: '2205' },
    out: { type: 'string' },
  },
});
if (skip !== false) throw new Error(skip);
const log = (): void => undefined;
const [clips, ms, samples] = [Number(values.clips), Number(values.ms), Number(values.samples)];
/** Milliseconds that a farm without jobs is watched. */
const REST_MS = 10_000;
let seeds = 1;

function order(voiceDir: string, urgent: boolean): EngineRequest {
  return requestOf(voiceDir, [1, 0, 0, 0, 0, 0, 0], { seed: seeds++, urgent });
}

async function live(desk: FarmEngine, voiceDir: string): Promise<number> {
  const begun = performance.now();
  await desk.run(order(voiceDir, true), () => undefined).done;
  return performance.now() - begun;
}

interface Spent {
  process: number;
  broker: number;
}

function processorTime(broker: number): Spent {
  const { user, system } = process.cpuUsage();
  return { process: (user + system) / 1000, broker: cpuOf(broker) };
}

function perSecond(before: Spent, after: Spent, ms: number): Spent {
  const each = (name: keyof Spent): number => ((after[name] - before[name]) * 1000) / ms;
  return { process: each('process'), broker: each('broker') };
}

async function measure(count: number): Promise<object> {
  const root = await mkdtemp(path.join(tmpdir(), 'foleyd-scale-'));
  const models = path.join(root, 'models');
  const voiceDir = await writeVoice(models, 'default', {}, `scale ${count} `);
  const broker = await TestBroker.start();
  const address = { url: broker.url };
  const desk = new FarmEngine({ address, name: 'desk', local: new TimedEngine({ ms: 0, samples, slots: 1 }), log });
  const startedAt = performance.now();
  const links: BrokerLink[] = [];
  const workers: FarmWorker[] = [];
  for (let i = 0; i < count; i++) {
    const name = `render-${i}`;
    const link = new BrokerLink({ address, name, log });
    const voices = new WorkerVoices({
      roots: [models],
      cache: path.join(root, 'cache'),
      maxBytes: 1e6,
      check: async () => undefined,
      log,
    });
    const engine = new TimedEngine({ ms, samples, slots: 1 });
    links.push(link);
    workers.push(new FarmWorker({ link, engine, voices, name, host: 'simulated', version: '0', log }));
  }
  await desk.load(voiceDir);
  while (desk.roster.slots() < count) await wait(50);
  const begunAt = performance.now();
  const [startSeconds, atRest] = [(begunAt - startedAt) / 1000, processorTime(broker.pid)];
  await wait(REST_MS);
  const rest = perSecond(atRest, processorTime(broker.pid), performance.now() - begunAt);
  const idle: number[] = [];
  for (let i = 0; i < Number(values.live); i++) idle.push(await live(desk, voiceDir));
  const before = processorTime(broker.pid);
  const begun = performance.now();
  let left = clips;
  const bulk = Promise.all(
    Array.from({ length: desk.slots }, async () => {
      while (left-- > 0) await desk.run(order(voiceDir, false), () => undefined).done;
    }),
  );
  let isOver = false;
  void bulk.then(() => {
    isOver = true;
  });
  const beside: number[] = [];
  // Live clips of a person: the next one some time after the last.
  while (!isOver) {
    beside.push(await live(desk, voiceDir));
    await wait(100);
  }
  const seconds = (performance.now() - begun) / 1000;
  const after = processorTime(broker.pid);
  const memory = { brokerMb: memoryOf(broker.pid), processMb: memoryOf('self') };
  const status = await desk.farm.status();
  const [least, most] = [
    Math.min(...workers.map((one) => one.beat().made)),
    Math.max(...workers.map((one) => one.beat().made)),
  ];
  const { made, local } = desk.info().farm!;
  await Promise.all(workers.map((worker) => worker.drain(0)));
  await Promise.all(links.map((link) => link.close()));
  await desk.close();
  await broker.stop();
  await rm(root, { recursive: true, force: true });
  return {
    workers: count,
    seconds,
    clips,
    clipsPerSecond: clips / seconds,
    loadAverage: loadavg()[0],
    processCpuMsPerClip: (after.process - before.process) / (clips + beside.length),
    brokerCpuMsPerClip: (after.broker - before.broker) / (clips + beside.length),
    /** Without a job: what a thousand workers say and ask by themselves. */
    restCpuMsPerSecond: rest,
    startSeconds,
    ...memory,
    madeByOneWorker: { least, most },
    bytesAtBroker: status.clipBytes,
    made,
    local,
    liveMs: { idle: percentiles(idle), besideBulk: percentiles(beside) },
  };
}

const runs: object[] = [];
for (const count of values.workers.split(',').map(Number)) {
  runs.push(await measure(count));
  process.stderr.write(`${count} workers measured\n`);
}
const result = {
  bench: 'farm-scale',
  ...machine(),
  engine: `simulated: a timer of ${ms} ms and a tone of ${samples} samples; all workers in one process`,
  runs,
};
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(0);
