/**
 * Faults of a render farm: a broker, workers and a server's engine as processes, killed, stopped and cut off from each
 * other at random while clips are made. Counts clips that never ended, ended twice, failed, or have other bytes than the local
 * engine's. `node --import tsx server/bench/farm-faults.ts [--faults 200] [--minutes 60] [--seed 1] [--out FILE]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { request } from '../engine/fixtures.ts';
import { createEngine } from '../engine/process/pool.ts';
import { clipHash } from '../farm/fingerprint.ts';
import { skip } from '../farm/test/broker.ts';
import { faultsOf } from './farm-fault-kinds.ts';
import { FarmObserver } from './farm-observer.ts';
import { type End, FarmUnderTest } from './farm-under-test.ts';
import { machine, print } from './support.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    open: { type: 'string', default: '12' },
    out: { type: 'string' },
  },
});
if (skip !== false) throw new Error(skip);

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = path.join(root, 'node_modules', '.cache', 'foleyd', `farm-faults-${process.pid}`);
const scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-faults-'));

/** Numbers that a seed decides (mulberry32). */
let state = Number(values.seed) >>> 0;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const farm = await FarmUnderTest.start({ built, scratch, open: Number(values.open) });
const { counts } = farm;
const observer = new FarmObserver(farm.broker.url);
while (counts.farm === 0) await wait(50);

const faults = faultsOf(farm, random);
// Every kind as often as any other, in an order that the seed decides.
const kinds = Object.keys(faults);
let bag: string[] = [];
function nextKind(): string {
  if (bag.length === 0) bag = [...kinds];
  return bag.splice(Math.floor(random() * bag.length), 1)[0]!;
}
const injected: Record<string, number> = Object.fromEntries(kinds.map((name) => [name, 0]));
const history: { kind: string; atSeconds: number; seconds: number; endedBefore: number }[] = [];
const loads = [loadavg()[0]!];
const begun = performance.now();
const last = begun + Number(values.minutes) * 60_000;
// Asked to stop, it lets what is open end, and says what it saw.
let isAsked = false;
process.once('SIGINT', () => {
  isAsked = true;
});
for (let i = 0; i < Number(values.faults) && performance.now() < last && !isAsked; i++) {
  const kind = nextKind();
  const before = counts.ended;
  const at = performance.now();
  await faults[kind]!();
  injected[kind]! += 1;
  const [atSeconds, seconds] = [(at - begun) / 1000, (performance.now() - at) / 1000].map(
    (one) => Math.round(one * 10) / 10,
  );
  history.push({ kind, atSeconds: atSeconds!, seconds: seconds!, endedBefore: before });
  // The next one meets a farm that works again, most of the time.
  const patience = performance.now() + (random() < 0.3 ? 300 : 6000);
  while (performance.now() < patience && counts.ended < before + 6) await wait(50);
  if (i % 10 === 9) loads.push(loadavg()[0]!);
  if (i % 10 === 9) process.stderr.write(`${i + 1} faults, ${counts.ended} clips ended, ${counts.failed} failed\n`);
}
farm.isSupplied = false;
const deadline = performance.now() + 120_000;
while (farm.open.size > 0 && performance.now() < deadline) await wait(100);
const lost = farm.open.size;
const left = lost === 0 ? null : { open: [...farm.open], desk: farm.deskLog.slice(-20), ...(await observer.state()) };
const seconds = (performance.now() - begun) / 1000;
farm.killAll();
const wrong = await countWrong([...farm.ends]);
await observer.close();
await farm.close();
rmSync(scratch, { recursive: true, force: true });
rmSync(built, { recursive: true, force: true });

const result = {
  bench: 'farm-faults',
  ...machine(),
  seed: Number(values.seed),
  seconds: Math.round(seconds),
  faults: Object.values(injected).reduce((sum, one) => sum + one, 0),
  injected,
  network: farm.spaces === null ? 'a proxy that stops passing bytes on' : 'namespaces, a cable each, tc tbf',
  loadAverage: loads,
  clips: farm.asked,
  lost,
  left,
  wrong,
  ...counts,
  errors: [...new Set(farm.errors)].slice(0, 10),
  // Of what was made more than once: at least so often, for the observer misses what a killed broker did not pass on.
  repeated: observer.repeated,
  repeatedAndDifferent: observer.different,
  history,
};
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(result.lost + result.wrong + result.doubled + result.failed + result.repeatedAndDifferent > 0 ? 1 : 0);

/** Clips whose bytes are not those of an engine here. */
async function countWrong(ends: [number, End][]): Promise<number> {
  const local = createEngine({ lanes: 1 });
  let wrong = 0;
  const made = ends.filter(([, { sha256 }]) => sha256 !== undefined);
  const compare = async (): Promise<void> => {
    for (let one = made.pop(); one !== undefined; one = made.pop()) {
      const [seed, { sha256 }] = one;
      const clip = await local.run(request('tiny-stacked', { seed }), () => undefined).done;
      if (clipHash(clip) !== sha256) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: local.slots }, compare));
  await local.close();
  return wrong;
}
