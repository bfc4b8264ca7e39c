/**
 * A broker, two workers and a server's engine as processes, each behind a cable of its own, that a bench may kill, stop, cut off
 * and start again; and what became of each clip that was asked for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { bundle, PROGRAMS } from '../bin/compiled.mjs';
import { voiceDir } from '../engine/fixtures.ts';
import { TestBroker } from '../farm/test/broker.ts';
import { NetSpace } from '../farm/test/net-space.ts';
import { CuttableWay } from '../farm/test/proxy.ts';
import { SmallDisk } from '../farm/test/small-disk.ts';

const CHILDREN = ['server/farm/test/worker-child.ts', 'server/farm/test/desk-child.ts'];
const SKEWED = new URL('../farm/test/skewed-clock.mjs', import.meta.url).href;

interface Way {
  url: string;
  prefix: string[];
  cut(): void;
  heal(): void;
  close(): void;
}

export interface End {
  sha256?: string;
  worker?: string | null;
  error?: string;
}

export interface FarmPlaces {
  /** Of the compiled programs; below node_modules, so that packages are found. */
  built: string;
  /** Of what workers keep. */
  scratch: string;
  /** Clips that are asked for at a time. */
  open: number;
}

export class FarmUnderTest {
  readonly broker: TestBroker;
  /** Null where this user may mount none: then no disk is filled, and the result says so. */
  readonly disk: SmallDisk | null;
  /** Null where this user may make none: then what passes the bytes on is cut off instead. */
  readonly spaces: readonly NetSpace[] | null;
  readonly ways: { desk: Way; workers: Way };
  readonly workers: ChildProcess[] = [];
  desk!: ChildProcess;
  deskReady!: Promise<void>;
  /** By seed: what has not ended, and whether somebody waits for it. */
  readonly open = new Map<number, boolean>();
  readonly ends = new Map<number, End>();
  readonly counts = { ended: 0, doubled: 0, failed: 0, farm: 0, local: 0 };
  readonly errors: string[] = [];
  readonly deskLog: string[] = [];
  /** Clips that were asked for. */
  asked = 0;
  /** Whether another is asked for when one has ended. */
  isSupplied = true;
  readonly #places: FarmPlaces;
  #workerNames = 0;

  private constructor(parts: Pick<FarmUnderTest, 'broker' | 'disk' | 'spaces' | 'ways'>, places: FarmPlaces) {
    this.broker = parts.broker;
    this.disk = parts.disk;
    this.spaces = parts.spaces;
    this.ways = parts.ways;
    this.#places = places;
  }

  /** Resolves when the first clip was made by a worker. */
  static async start(places: FarmPlaces): Promise<FarmUnderTest> {
    await bundle([...CHILDREN, ...PROGRAMS], places.built, {});
    const disk = SmallDisk.mount(256);
    const made = [NetSpace.make(1), NetSpace.make(2)].filter((space) => space !== null);
    const spaces = made.length === 2 ? made : null;
    if (spaces === null) for (const space of made) space.close();
    const broker = await TestBroker.start(['--addr', '0.0.0.0'], disk?.dir);
    const port = Number(new URL(broker.url).port);
    const ways = { desk: await wayOf(spaces?.[0], port), workers: await wayOf(spaces?.[1], port) };
    const farm = new FarmUnderTest({ broker, disk, spaces, ways }, places);
    farm.startWorker(0);
    farm.startWorker(1);
    farm.startDesk();
    await farm.deskReady;
    farm.#fill();
    return farm;
  }

  /** In the place of worker `i`. `skewMs`: by so much its clock is wrong. */
  startWorker(i: number, skewMs = 0): void {
    const name = `render-${++this.#workerNames}`;
    const args = [name, path.join(this.#places.scratch, 'worker'), path.dirname(voiceDir('tiny'))];
    const started = this.#child('worker-child', this.ways.workers, args, skewMs, 'ignore');
    started.stdout!.resume();
    started.stderr!.resume();
    this.workers[i] = started;
  }

  startDesk(skewMs = 0): void {
    const started = this.#child('desk-child', this.ways.desk, [], skewMs, 'pipe');
    this.desk = started;
    started.stdin!.on('error', () => undefined);
    started
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => void this.deskLog.push(...text.split('\n').filter(Boolean)));
    this.deskReady = new Promise((resolve) => {
      createInterface(started.stdout!).on('line', (line) => {
        const told = JSON.parse(line) as { ready?: true; seed: number } & End;
        if (told.ready !== true) return this.#note(told);
        // As a server does with its journal: what had not ended is asked for again.
        for (const [seed, urgent] of this.open) started.stdin!.write(`${JSON.stringify({ seed, urgent })}\n`);
        resolve();
      });
    });
  }

  /** Ends the server and the workers. */
  killAll(): void {
    for (const child of [this.desk, ...this.workers]) child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    for (const way of Object.values(this.ways)) way.close();
    await this.broker.stop();
    this.disk?.unmount();
  }

  #note({ seed, ...end }: { seed: number } & End): void {
    const { counts, ends } = this;
    counts.ended += 1;
    if (ends.has(seed)) counts.doubled += 1;
    if (end.error !== undefined) {
      counts.failed += 1;
      this.errors.push(end.error);
    } else if (end.worker === null) counts.local += 1;
    else counts.farm += 1;
    ends.set(seed, end);
    this.open.delete(seed);
    this.#fill();
  }

  #fill(): void {
    while (this.isSupplied && this.open.size < this.#places.open) {
      const seed = ++this.asked;
      const urgent = seed % 6 === 0;
      this.open.set(seed, urgent);
      this.desk.stdin!.write(`${JSON.stringify({ seed, urgent })}\n`);
    }
  }

  #child(name: string, way: Way, args: string[], skewMs: number, stdin: 'pipe' | 'ignore'): ChildProcess {
    const file = path.join(this.#places.built, `server/farm/test/${name}.js`);
    const env = { ...process.env, FOLEYD_TEST_SKEW_MS: String(skewMs) };
    const [program = '', ...before] = [...way.prefix, process.execPath];
    const given = [...before, '--import', SKEWED, file, way.url, ...args];
    return spawn(program, given, { env, stdio: [stdin, 'pipe', 'pipe'] });
  }
}

async function wayOf(space: NetSpace | undefined, port: number): Promise<Way> {
  if (space !== undefined) {
    const [heal, close] = [() => space.heal(), () => space.close()];
    return { url: space.url(port), prefix: space.prefix, cut: () => space.cut(), heal, close };
  }
  const way = await CuttableWay.to(port);
  return { url: way.url, prefix: [], cut: () => way.cut(), heal: () => way.heal(), close: () => way.close() };
}
