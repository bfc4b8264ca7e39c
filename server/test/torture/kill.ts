/** Kills a server again and again, at random and in the middle of its writes, and asks the next one what is there. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { seededUniform } from '../../evaluation/measure.ts';
import { type DeedName, deedNames, deeds } from './deeds.ts';
import type { Step } from './disk.ts';
import { type Caller, Ledger, leftovers } from './ledger.ts';
import type { Uniform } from './random.ts';
import { newFolder, type Running, removeFolder, start, within } from './server.ts';

export interface KillReport {
  kills: number;
  /** Of them, in the middle of a write, a sync or a rename. */
  inWrites: number;
  acknowledged: number;
  refused: number;
  unknown: number;
  jobs: number;
}

/** Clients that work at a time. */
const CLIENTS = 3;
/** Another process may be writing it, so it stays for a minute. */
const OWNER = /^\.owner-[^/]*\.tmp$/;
/** Milliseconds after which a file is not just being written. */
const STAYS_MS = 2000;
/** Kills of one data folder: later ones begin with a new one, or the folder's size is all that is measured. */
const PER_FOLDER = 25;

export async function caller(server: Running): Promise<Caller> {
  const client = await server.connect('admin');
  return { client, gone: once(client.socket, 'close') };
}

export interface KillOptions {
  kills: number;
  seed: number;
  /** What clients do; all of it by default. */
  names?: readonly DeedName[];
  onProgress?: (done: number) => void;
  /** Asked after each kill: whether that was the last. */
  isOver?: () => boolean;
}

/** Throws at the first thing that was lost. */
export async function killSeries({
  kills,
  seed,
  names = deedNames,
  onProgress = () => undefined,
  isOver = () => false,
}: KillOptions): Promise<KillReport> {
  const random = seededUniform(seed);
  const report: KillReport = { kills: 0, inWrites: 0, acknowledged: 0, refused: 0, unknown: 0, jobs: 0 };
  while (report.kills < kills && !isOver()) {
    const data = await newFolder();
    try {
      await killFolder(data, Math.min(PER_FOLDER, kills - report.kills), { random, report, onProgress, isOver, names });
    } catch (error) {
      throw new Error(`after ${report.kills} kills with seed ${seed}, in ${data}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    await removeFolder(data);
  }
  return report;
}

interface Series extends Required<Pick<KillOptions, 'names' | 'onProgress' | 'isOver'>> {
  random: Uniform;
  report: KillReport;
}

async function killFolder(data: string, kills: number, series: Series): Promise<void> {
  const { random, report, onProgress, isOver, names } = series;
  const ledger = new Ledger();
  let count = 0;
  const newSeed = (): number => ++count * 100;
  const newName = (): string => `n${++count}`;
  ledger.known('active', 'default');
  let server = await within(start(data, { engine: 'scripted' }), 'the first start');
  const first = await caller(server);
  await deeds.rule({ caller: first, ledger, random, newSeed, newName, upload: 'u' });
  for (let kill = 0; kill < kills && !isOver(); kill++) {
    const callers = await Promise.all(Array.from({ length: CLIENTS }, () => caller(server)));
    const dead = server.exit;
    // Half of the time in the middle of a write, which is planned; else whenever it is.
    const isPlanned = random() < 0.5;
    if (isPlanned) {
      const only = (['open', 'write', 'sync', 'name'] satisfies Step[])[Math.floor(random() * 4)]!;
      await server.disk({ fault: 'kill', at: Math.floor(random() * 12), only });
    } else setTimeout(() => server.child.kill('SIGKILL'), random() * 800);
    // A plan may be for more writes than come.
    const late = setTimeout(() => server.child.kill('SIGKILL'), 20_000);
    let isDead = false;
    void dead.then(() => (isDead = true));
    await Promise.all(
      callers.map(async (one, i) => {
        while (!isDead) {
          const name = names[Math.floor(random() * names.length)]!;
          const outcome = await deeds[name]({ caller: one, ledger, random, newSeed, newName, upload: `u${i}` });
          if (outcome === null) break;
        }
      }),
    );
    await dead;
    clearTimeout(late);
    report.kills += 1;
    if (isPlanned) report.inWrites += 1;
    server = await within(start(data, { engine: 'scripted' }), `the start after kill ${report.kills}`);
    const next = await caller(server);
    await within(ledger.check(next, data), `what is there after kill ${report.kills}`, 180_000);
    await checkRemoved(data);
    if (server.faults.length > 0) throw new Error(server.faults.join('\n'));
    await next.client.close();
    onProgress(report.kills);
  }
  await server.stop();
  report.acknowledged += ledger.acknowledged;
  report.refused += ledger.refused;
  report.unknown += ledger.unknown;
  report.jobs += ledger.orders.length;
}

/** Throws where a file that the killed server had half written stays. One that is being written now does not. */
async function checkRemoved(data: string): Promise<void> {
  const half = async (): Promise<string[]> => (await leftovers(data)).filter((name) => !OWNER.test(name));
  const first = await half();
  if (first.length > 0) await wait(STAYS_MS);
  const now = first.length > 0 ? await half() : [];
  const stay = first.filter((name) => now.includes(name));
  if (stay.length > 0) throw new Error(`half written, and still there: ${stay.join(' ')}`);
}
