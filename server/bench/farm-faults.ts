/**
 * Faults of a render farm: a broker, workers and a server's engine as processes, killed, stopped and cut off from each
 * other at random while clips are made. Counts clips that never ended, ended twice, failed, or have other bytes than the local
 * engine's. `node --import tsx server/bench/farm-faults.ts [--faults 200] [--minutes 60] [--seed 1] [--out FILE]`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle, PROGRAMS } from '../bin/compiled.mjs';
import { request, voiceDir } from '../engine/fixtures.ts';
import { createEngine } from '../engine/process/pool.ts';
import { bytesOf } from '../farm/recipe.ts';
import { skip, TestBroker } from '../farm/test/broker.ts';
import { NetSpace } from '../farm/test/net-space.ts';
import { CuttableWay } from '../farm/test/proxy.ts';
import { SmallDisk } from '../farm/test/small-disk.ts';
import { FarmObserver } from './farm-observer.ts';
import { childrenOf, machine, print } from './support.ts';

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
// Below node_modules, so that packages are found.
const built = path.join(root, 'node_modules', '.cache', 'foleyd', `farm-faults-${process.pid}`);
const scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-faults-'));
const CHILDREN = ['server/farm/test/worker-child.ts', 'server/farm/test/desk-child.ts'];
await bundle([...CHILDREN, ...PROGRAMS], built, {});

/** Numbers that a seed decides (mulberry32). */
let state = Number(values.seed) >>> 0;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

// Null where this user may mount none: then no disk is filled, and the result says so.
const disk = SmallDisk.mount(256);
// Likewise network namespaces: then what passes the bytes on is cut off instead.
const spaces = [NetSpace.make(1), NetSpace.make(2)];
const broker = await TestBroker.start(['--addr', '0.0.0.0'], disk?.dir);
const port = Number(new URL(broker.url).port);
const ways = { desk: await wayOf(spaces[0]), workers: await wayOf(spaces[1]) };
const observer = new FarmObserver(broker.url);

interface Way {
  url: string;
  prefix: string[];
  cut(): void;
  heal(): void;
  close(): void;
}

async function wayOf(space: NetSpace | null | undefined): Promise<Way> {
  if (space) {
    const [heal, close] = [() => space.heal(), () => space.close()];
    return { url: space.url(port), prefix: space.prefix, cut: () => space.cut(), heal, close };
  }
  const way = await CuttableWay.to(port);
  return { url: way.url, prefix: [], cut: () => way.cut(), heal: () => way.heal(), close: () => way.close() };
}

const SKEWED = new URL('../farm/test/skewed-clock.mjs', import.meta.url).href;

/** `skewMs`: by so much its clock is wrong. */
function child(name: string, way: Way, args: string[], skewMs: number, stdin: 'pipe' | 'ignore'): ChildProcess {
  const file = path.join(built, `server/farm/test/${name}.js`);
  const env = { ...process.env, FOLEYD_TEST_SKEW_MS: String(skewMs) };
  const [program = '', ...before] = [...way.prefix, process.execPath];
  const given = [...before, '--import', SKEWED, file, way.url, ...args];
  return spawn(program, given, { env, stdio: [stdin, 'pipe', 'pipe'] });
}

/** From two days behind to two days ahead. */
function wrongClock(): number {
  return Math.round((random() - 0.5) * 4 * 86_400_000);
}

let workerNames = 0;
function startWorker(skewMs = 0): ChildProcess {
  const name = `render-${++workerNames}`;
  const data = path.join(scratch, 'worker');
  const args = [name, data, path.dirname(voiceDir('tiny'))];
  const started = child('worker-child', ways.workers, args, skewMs, 'ignore');
  started.stdout!.resume();
  started.stderr!.resume();
  return started;
}

interface End {
  sha256?: string;
  worker?: string | null;
  error?: string;
}
const open = new Map<number, boolean>();
const ends = new Map<number, End>();
const counts = { ended: 0, doubled: 0, failed: 0, farm: 0, local: 0 };
const errors: string[] = [];
const deskLog: string[] = [];
let next = 1;
let supply = true;
let desk: ChildProcess;
let deskReady: Promise<void>;

function order(seed: number, urgent: boolean): void {
  open.set(seed, urgent);
  desk.stdin!.write(`${JSON.stringify({ seed, urgent })}\n`);
}

function startDesk(skewMs = 0): void {
  const started = child('desk-child', ways.desk, [], skewMs, 'pipe');
  desk = started;
  started.stdin!.on('error', () => undefined);
  started
    .stderr!.setEncoding('utf8')
    .on('data', (text: string) => void deskLog.push(...text.split('\n').filter(Boolean)));
  deskReady = new Promise((resolve) => {
    createInterface(started.stdout!).on('line', (line) => {
      const told = JSON.parse(line) as { ready?: true; seed: number } & End;
      if (told.ready === true) {
        // As a server does with its journal: what had not ended is asked for again.
        for (const [seed, urgent] of open) started.stdin!.write(`${JSON.stringify({ seed, urgent })}\n`);
        resolve();
        return;
      }
      const { seed, ...end } = told;
      counts.ended += 1;
      if (ends.has(seed)) counts.doubled += 1;
      if (end.error !== undefined) {
        counts.failed += 1;
        errors.push(end.error);
      } else if (end.worker === null) counts.local += 1;
      else counts.farm += 1;
      ends.set(seed, end);
      open.delete(seed);
      fill();
    });
  });
}

function fill(): void {
  while (supply && open.size < Number(values.open)) {
    const seed = next++;
    order(seed, seed % 6 === 0);
  }
}

const workers = [startWorker(), startWorker()];
startDesk();
await deskReady!;
fill();
while (counts.farm === 0) await wait(50);

const faults: Record<string, () => Promise<void>> = {
  async 'kill -9 of a worker'() {
    const i = random() < 0.5 ? 0 : 1;
    workers[i]!.kill('SIGKILL');
    await wait(100 + random() * 500);
    workers[i] = startWorker();
  },
  async 'kill -9 of the broker'() {
    await broker.kill();
    await wait(random() * 800);
    await broker.again();
  },
  async 'kill -9 of the server'() {
    desk.kill('SIGKILL');
    await wait(random() * 300);
    startDesk();
    await deskReady;
  },
  async 'a worker stopped and continued (slow worker, duplicate delivery)'() {
    const worker = workers[random() < 0.5 ? 0 : 1]!;
    worker.kill('SIGSTOP');
    await wait(500 + random() * 2500);
    worker.kill('SIGCONT');
  },
  async 'a worker at a fifth of its speed for some seconds'() {
    const { pid } = workers[random() < 0.5 ? 0 : 1]!;
    const until = performance.now() + 2000 + random() * 4000;
    // Its engine as well.
    const all = [pid!, ...childrenOf(pid!)];
    while (performance.now() < until) {
      for (const one of all) process.kill(one, 'SIGSTOP');
      await wait(160);
      for (const one of all) process.kill(one, 'SIGCONT');
      await wait(40);
    }
  },
  async 'network to all workers cut and healed'() {
    ways.workers.cut();
    await wait(300 + random() * 4000);
    ways.workers.heal();
  },
  async 'network to the server cut and healed'() {
    ways.desk.cut();
    await wait(300 + random() * 4000);
    ways.desk.heal();
  },
  async 'SIGTERM of a worker (drains)'() {
    const i = random() < 0.5 ? 0 : 1;
    workers[i]!.kill('SIGTERM');
    await wait(100 + random() * 300);
    workers[i] = startWorker();
  },
  async 'a worker whose clock is up to two days wrong'() {
    const i = random() < 0.5 ? 0 : 1;
    workers[i]!.kill('SIGKILL');
    workers[i] = startWorker(wrongClock());
  },
  async 'a server whose clock is up to two days wrong'() {
    desk.kill('SIGKILL');
    startDesk(wrongClock());
    await deskReady;
  },
  ...(spaces.some((space) => space === null)
    ? {}
    : {
        async 'network of all at 1 Mbit/s for some seconds'() {
          for (const space of spaces) space!.throttle(1000);
          await wait(1000 + random() * 5000);
          for (const space of spaces) space!.unthrottle();
        },
      }),
  ...(disk === null
    ? {}
    : {
        async "the broker's disk full, then room again and the broker started anew"() {
          disk.fill();
          await wait(500 + random() * 3000);
          disk.free();
          // It has switched JetStream off, and switches it on only when it starts.
          await broker.kill();
          await broker.again();
        },
      }),
};
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
supply = false;
const deadline = performance.now() + 120_000;
while (open.size > 0 && performance.now() < deadline) await wait(100);
const left = open.size === 0 ? null : { open: [...open], desk: deskLog.slice(-20), ...(await observer.state()) };
const seconds = (performance.now() - begun) / 1000;
desk!.kill('SIGKILL');
for (const worker of workers) worker.kill('SIGKILL');

const local = createEngine({ lanes: 1 });
let wrong = 0;
const made = [...ends].filter(([, { sha256 }]) => sha256 !== undefined);
const compare = async (): Promise<void> => {
  for (let one = made.pop(); one !== undefined; one = made.pop()) {
    const [seed, { sha256 }] = one;
    const { codes, pcm } = await local.run(request('tiny-stacked', { seed }), () => undefined).done;
    if (createHash('sha256').update(bytesOf(codes)).update(bytesOf(pcm)).digest('hex') !== sha256) wrong += 1;
  }
};
await Promise.all(Array.from({ length: local.slots }, compare));
await local.close();
await observer.close();
for (const way of Object.values(ways)) way.close();
await broker.stop();
disk?.unmount();
rmSync(scratch, { recursive: true, force: true });
rmSync(built, { recursive: true, force: true });

const result = {
  bench: 'farm-faults',
  ...machine(),
  seed: Number(values.seed),
  seconds: Math.round(seconds),
  faults: Object.values(injected).reduce((sum, one) => sum + one, 0),
  injected,
  network: spaces.some((space) => space === null)
    ? 'a proxy that stops passing bytes on'
    : 'namespaces, a cable each, tc tbf',
  loadAverage: loads,
  clips: next - 1,
  lost: open.size,
  left,
  wrong,
  ...counts,
  errors: [...new Set(errors)].slice(0, 10),
  // Of what was made more than once: at least so often, for the observer misses what a killed broker did not pass on.
  repeated: observer.repeated,
  repeatedAndDifferent: observer.different,
  history,
};
print(result);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
process.exit(result.lost + result.wrong + result.doubled + result.failed + result.repeatedAndDifferent > 0 ? 1 : 0);
