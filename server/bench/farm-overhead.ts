/**
 * What a farm adds to a live clip, beside making it: a real broker, server and worker in this process, and in place of the
 * neural engine a scripted one, which makes a tone of 4 s at 22050 Hz (353 KB) in a few milliseconds. Pairs of a clip made here and one
 * made by the worker. `node --import tsx server/bench/farm-overhead.ts [--pairs 100] [--out FILE]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Engine } from '../engine/engine.ts';
import { requestOf } from '../engine/fixtures.ts';
import { FarmEngine } from '../farm/engine.ts';
import { BrokerLink } from '../farm/link.ts';
import { skip, TestBroker } from '../farm/test/broker.ts';
import { FarmWorker } from '../farm/worker.ts';
import { WorkerVoices } from '../farm/worker-voices.ts';
import { ScriptedEngine } from '../test/support/engine.ts';
import { writeVoice } from '../test/support/voice.ts';
import { summary } from './summary.ts';
import { machine, print } from './support.ts';

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '100' }, out: { type: 'string' } } });
if (skip !== false) throw new Error(skip);
const log = (): void => undefined;
const scratch = mkdtempSync(`${tmpdir()}/foleyd-overhead-`);
const voiceDir = await writeVoice(scratch, 'default');
const broker = await TestBroker.start();
const address = { url: broker.url };
const engine = (): ScriptedEngine => new ScriptedEngine({ samples: 88_200, slots: 4 });
const local = engine();
const desk = new FarmEngine({ address, name: 'desk', local, log });
const link = new BrokerLink({ address, name: 'render-1', log });
const voices = new WorkerVoices({
  roots: [scratch],
  cache: `${scratch}/cache`,
  maxBytes: 1e6,
  check: async () => undefined,
  log,
});
const worker = new FarmWorker({ link, engine: engine(), voices, name: 'render-1', host: 'bench', version: '0', log });
await desk.load(voiceDir);
while (desk.roster.slots() === 0) await wait(20);

async function live(of: Engine, seed: number): Promise<number> {
  const request = requestOf(voiceDir, [1, 0, 0, 0, 0, 0, 0], { seed, urgent: true });
  const begun = performance.now();
  await of.run(request, () => undefined).done;
  return performance.now() - begun;
}

for (let seed = 1; seed < 20; seed++) await live(desk, seed);
const times = { local: [] as number[], farm: [] as number[], added: [] as number[] };
for (let i = 0; i < Number(values.pairs); i++) {
  const here = await live(local, 1000 + i);
  const there = await live(desk, 1000 + i);
  times.local.push(here);
  times.farm.push(there);
  times.added.push(there - here);
}
const result = {
  bench: 'farm-overhead',
  ...machine(),
  loadAverage: loadavg()[0],
  engine: 'scripted: a tone, no network',
  resultBytes: 88_200 * 4,
  liveMs: Object.fromEntries(Object.entries(times).map(([name, raw]) => [name, summary(raw)])),
  farm: desk.info().farm,
};
await worker.drain(0);
await link.close();
await desk.close();
await broker.stop();
rmSync(scratch, { recursive: true, force: true });
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(0);
