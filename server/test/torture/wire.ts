/** Throws frames at a running server for a while, several clients at a time, and watches what becomes of it. */
import process from 'node:process';
import { seededUniform } from '../../evaluation/measure.ts';
import { attack, type Failure, Fallen } from './attack.ts';
import type { Sent } from './carrier.ts';
import { type Case, type CaseKind, type Grammars, newCase } from './cases.ts';
import { store } from './found.ts';
import { Grammar } from './grammar.ts';
import type { Figures } from './host.ts';
import { RefusedGrammar } from './refused.ts';
import {
  newFolder,
  PATIENCE,
  type Role,
  type Running,
  removeFolder,
  type StartOptions,
  start,
  within,
} from './server.ts';
import { allTargets, fixtureVoice } from './targets.ts';

export type TargetReport = Record<'frames' | 'mutated' | 'accepted' | 'done' | 'refused' | Failure, number>;

export interface WireReport {
  targets: Map<string, TargetReport>;
  /** Frames of clients that work, and of those that flood. */
  kinds: Record<CaseKind, number>;
  /** How often each command of each role ended with what, of frames that were whole and had an id. */
  commands: Record<Role, Map<string, Map<string, number>>>;
  /** Jobs that were accepted and are not over, when all is. */
  unended: number;
  before: Figures;
  after: Figures;
  /** The same on the way, about once a minute, with nothing to do. */
  series: (Figures & { seconds: number; frames: number })[];
  /** Longest stall of the event loop, in milliseconds. */
  stall: number;
  /** Frames a second, and which of the two processes was busy: milliseconds of processor time a second of each. */
  rates: { framesPerSecond: number; busy: { bench: number; server: number } };
  /** Times that the engine ended by itself. */
  engineRestarts: number;
  /** What was found, with the file that has it. */
  found: string[];
}

/** Clients at once: while the server writes for one, or one waits for the end of a job, others are read. */
const CLIENTS = 16;
const FLAGS = ['--limits', 'clips=200,trainingFreeMemory=0,trainingFreeDisk=0,deliverFreeDisk=0,drainMs=0'];
/** Of clients. A flood has many times the frames of one that works. */
const FLOODS = 0.6;
/** Between figures that are kept. */
const SERIES_MS = 60_000;
/** Clients, and milliseconds, between looks at what is open; in between ids go on to be known and things to be in each other's way. */
const LOOK = { clients: 160, ms: 15_000 };

export interface WireOptions {
  ms: number;
  seed: number;
  /** Names of targets, or parts of them; all without. */
  only?: string | undefined;
  keep?: boolean;
  server?: StartOptions;
  onProgress?: (line: string) => void;
  /** Asked after each look: whether that was the last. */
  isOver?: () => boolean;
}

/** One server under fire until the time is over; another one after each that fell. */
export async function wire({
  ms,
  seed,
  only,
  keep = false,
  server: options = {},
  onProgress,
  isOver = () => false,
}: WireOptions): Promise<WireReport> {
  const random = seededUniform(seed);
  const started = { ...options, flags: [...FLAGS, ...(options.flags ?? [])] };
  let data = await newFolder();
  let server = await within(start(data, started), 'the start', 180_000);
  const voice = await fixtureVoice();
  const targets = allTargets(voice).filter(({ name }) => only === undefined || name.includes(only));
  const turns = targets.flatMap((target) => Array.from({ length: target.share }, () => target));
  const none: TargetReport = {
    frames: 0,
    mutated: 0,
    accepted: 0,
    done: 0,
    refused: 0,
    crashes: 0,
    hangs: 0,
    broken: 0,
  };
  const reports = new Map(targets.map(({ name }) => [name, { ...none }]));
  const commands: WireReport['commands'] = { play: new Map(), admin: new Map() };
  const kinds: WireReport['kinds'] = { work: 0, flood: 0 };
  const series: WireReport['series'] = [];
  const found: string[] = [];
  const newGrammars = (): Grammars => ({ right: new Grammar(random), refused: new RefusedGrammar(random) });
  let grammars = newGrammars();
  let [before, unended, stall, clients, engineRestarts] = [await server.figures(), 0, 0, 0, 0];
  const onSent = ({ kind, target, frames, mutated }: Case, sent: Sent): void => {
    const report = reports.get(target.name)!;
    const read = sent.read ?? frames.length;
    kinds[kind] += read;
    report.frames += read;
    report.mutated += mutated;
    for (const end of ['accepted', 'done', 'refused'] as const) report[end] += sent[end];
    for (const [cmd, how] of sent.ends) for (const [end, times] of how) count(commands[target.role], cmd, end, times);
  };
  const begun = performance.now();
  const [bench, served] = [process.cpuUsage(), { before: before.cpuMs, sum: 0 }];
  try {
    const ends = begun + ms;
    let looked = begun;
    while (performance.now() < ends && !isOver()) {
      try {
        const isFirst = clients === 0;
        let left = LOOK.clients;
        const until = Math.min(ends, performance.now() + LOOK.ms);
        const next = (): Case | null => {
          if (left-- <= 0 || performance.now() >= until) return null;
          const target = turns[Math.floor(random() * turns.length)]!;
          return newCase(grammars, target, clients++, random, random() < FLOODS);
        };
        await attack(server, { clients: CLIENTS, next, onSent, hear: (told) => grammars.right.learn(told) });
        const open = await calm(server);
        unended = open.length;
        if (unended > 0) throw new Error(`jobs without an end: ${open.join(', ')}`);
        const figures = await server.figures();
        stall = Math.max(stall, figures.stall);
        // What it takes when it is warm is what it may take later.
        if (isFirst) before = figures;
        served.sum += figures.cpuMs - served.before;
        served.before = figures.cpuMs;
        onProgress?.(`${clients} clients, ${sum(reports)} frames`);
        if (performance.now() - looked < SERIES_MS) continue;
        looked = performance.now();
        series.push({ ...figures, seconds: Math.round((looked - begun) / 1000), frames: sum(reports) });
      } catch (thrown) {
        const error = thrown as Error;
        if (error instanceof Fallen) reports.get(error.target)![error.kind] += 1;
        const where = error instanceof Fallen ? `${error.target}: ` : '';
        const kept = keep && error instanceof Fallen ? ` (${await store(error.parts, error, started)})` : '';
        found.push(`${where}${error.message}${kept}`);
        onProgress?.(found.at(-1)!);
        // What it has seen so far is part of the fault, and no part of the next.
        await server.kill();
        await removeFolder(data);
        data = await newFolder();
        server = await within(start(data, started), 'the start', 180_000);
        served.before = 0;
        grammars = newGrammars();
      }
    }
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(bench);
    const busy = {
      bench: Math.round((user + system) / 1000 / seconds),
      server: Math.round(served.sum / seconds),
    };
    const framesPerSecond = Math.round(sum(reports) / seconds);
    try {
      unended = (await calm(server)).length;
      engineRestarts = await restartsOf(server);
    } catch (error) {
      found.push(`at the end: ${(error as Error).message}`);
    }
    const after = await server.figures().catch(() => before);
    stall = Math.max(stall, after.stall);
    if (server.end === null) await server.stop();
    const rates = { framesPerSecond, busy };
    return { targets: reports, kinds, commands, unended, before, after, series, stall, rates, engineRestarts, found };
  } finally {
    // Whatever was thrown: a server that is left behind would keep the test from ending.
    if (server.end === null) await server.kill();
    await removeFolder(data);
  }
}

function count(all: Map<string, Map<string, number>>, cmd: string, end: string, times: number): void {
  const known = all.get(cmd) ?? new Map<string, number>();
  all.set(cmd, known.set(end, (known.get(end) ?? 0) + times));
}

const sum = (reports: Map<string, TargetReport>): number =>
  [...reports.values()].reduce((total, { frames }) => total + frames, 0);

/**
 * Goes on with what is paused, undoes what would go on for ever, and says which jobs do not end: those that make nothing
 * more. A batch of a thousand files may take its time.
 */
async function calm(server: Running): Promise<string[]> {
  const client = await server.connect('admin');
  try {
    const call = async (cmd: string, args = {}) =>
      (await within(client.ask(cmd, args).end, `the answer of ${cmd}`)).data;
    const maps = (await call('trigger.list')).maps as { id: string }[];
    for (const { id } of maps) await call('trigger.unmap', { id });
    let [late, last] = [0, ''];
    for (;;) {
      const jobs = (await call('job.list')).jobs as { job: string; cmd: string; state: string }[];
      const open = jobs.filter(({ state }) => !['done', 'failed', 'cancelled'].includes(state));
      const now = JSON.stringify(open);
      if (now !== last) [late, last] = [performance.now() + PATIENCE, now];
      for (const { job, state } of open) if (state === 'paused') await call('job.resume', { job });
      if (open.length === 0 || performance.now() > late) return open.map((job) => JSON.stringify(job));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await client.close();
  }
}

async function restartsOf(server: Running): Promise<number> {
  const client = await server.connect('admin');
  const { data } = await client.ask('server.info').end;
  await client.close();
  return (data.engine as { restarts: number }).restarts;
}
