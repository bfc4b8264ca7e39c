/** Throws frames at a running server for a while, target by target in turns, and watches what becomes of it. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededUniform } from '../../evaluation/measure.ts';
import { mutate } from '../fuzz/mutate.ts';
import { Broken, type Frame } from './carriers.ts';
import { Grammar } from './grammar.ts';
import type { Figures } from './host.ts';
import { minimise } from './minimise.ts';
import type { Uniform } from './random.ts';
import { Hang, newFolder, type Running, removeFolder, type StartOptions, start, within } from './server.ts';
import { allTargets, exportVoice, type Target } from './targets.ts';

export interface TargetReport {
  frames: number;
  mutated: number;
  accepted: number;
  refused: number;
  crashes: number;
  hangs: number;
  broken: number;
}

export interface WireReport {
  targets: Map<string, TargetReport>;
  /** Jobs that were accepted and are not over, when all is. */
  unended: number;
  before: Figures;
  after: Figures;
  /** Longest stall of the event loop, in milliseconds. */
  stall: number;
  /** Times that the engine ended by itself. */
  engineRestarts: number;
  /** What was found, with the file that has it. */
  found: string[];
}

/** What is kept of a failure: its frames, as few and as short as still do it. */
export interface Kept {
  target: string;
  what: string;
  frames: { hex: string; cuts?: number[]; id?: string }[];
}

export const FOUND = fileURLToPath(new URL('./found', import.meta.url));
const FLAGS = ['--limits', 'clips=200,trainingFreeMemory=0,trainingFreeDisk=0,deliverFreeDisk=0,drainMs=0'];
/** The server has this many frames behind it before its memory and descriptors are what later ones are compared with. */
const WARM_CASES = 30;

export interface WireOptions {
  ms: number;
  seed: number;
  /** Names of targets, or parts of them; all without. */
  only?: string | undefined;
  keep?: boolean;
  server?: StartOptions;
  onProgress?: (line: string) => void;
}

function mutants(made: Frame[], isText: boolean, random: Uniform): { frames: Frame[]; mutated: number } {
  const below = (n: number): number => Math.floor(random() * n);
  let mutated = 0;
  const spliced = new Set<string>();
  const frames = made.map((frame): Frame => {
    const cuts = below(8) === 0 ? Array.from({ length: 1 + below(4) }, () => below(frame.bytes.length + 1)) : [];
    if (below(2) === 0) return { ...frame, ...(cuts.length > 0 && { cuts }) };
    mutated += 1;
    // What its id is by now nobody knows.
    // The id of what it is spliced with may now be in two of them.
    const other = made[below(made.length)]!;
    if (other.id !== undefined) spliced.add(other.id);
    let bytes = mutate(frame.bytes, other.bytes, random);
    // A WebSocket ends where a text is no UTF-8, and the frames after it would never be read.
    if (isText && below(20) > 0) bytes = new TextEncoder().encode(new TextDecoder().decode(bytes));
    return { bytes, ...(cuts.length > 0 && { cuts }) };
  });
  const sure = frames.map(({ id, ...frame }) => (id === undefined || spliced.has(id) ? frame : { id, ...frame }));
  return { frames: sure, mutated };
}

/** One server under fire until the time is over. */
export async function wire({
  ms,
  seed,
  only,
  keep = false,
  server: options = {},
  onProgress,
}: WireOptions): Promise<WireReport> {
  const random = seededUniform(seed);
  const started = { ...options, flags: [...FLAGS, ...(options.flags ?? [])] };
  let data = await newFolder();
  let server = await within(start(data, started), 'the start', 180_000);
  const voice = await exportVoice(server);
  const targets = allTargets(voice).filter(({ name }) => only === undefined || name.includes(only));
  const turns = targets.flatMap((target) => Array.from({ length: target.share }, () => target));
  const reports = new Map<string, TargetReport>(
    targets.map(({ name }) => [
      name,
      { frames: 0, mutated: 0, accepted: 0, refused: 0, crashes: 0, hangs: 0, broken: 0 },
    ]),
  );
  const found: string[] = [];
  let grammar = new Grammar(random);
  let [before, unended, stall, cases, engineRestarts] = [await server.figures(), 0, 0, 0, 0];
  try {
    const ends = performance.now() + ms;
    while (performance.now() < ends) {
      const target = turns[Math.floor(random() * turns.length)]!;
      const report = reports.get(target.name)!;
      const made = Array.from({ length: 1 + Math.floor(random() * target.most) }, (_, i): Frame => {
        // Far from each other: a changed letter must not make one of another.
        const id = `${cases}-${i}-${Math.floor(random() * 2 ** 52).toString(36)}`;
        return { bytes: target.make(grammar, target.role, id), ...(target.hasIds && { id }) };
      });
      const { frames, mutated } = mutants(made, target.name.includes('json'), random);
      report.frames += frames.length;
      report.mutated += mutated;
      cases += 1;
      try {
        const { accepted, refused } = await attempt(server, target, frames, (told) => grammar.learn(told));
        report.accepted += accepted;
        report.refused += refused;
      } catch (thrown) {
        const error = thrown as Error;
        report[kindOf(server, error)] += 1;
        found.push(
          `${target.name}: ${error.message}${keep ? ` (${await store(target, frames, error, started)})` : ''}`,
        );
        onProgress?.(found.at(-1)!);
        // What it has seen so far is part of the fault, and no part of the next.
        await server.kill();
        await removeFolder(data);
        data = await newFolder();
        server = await within(start(data, started), 'the start', 180_000);
        grammar = new Grammar(random);
      }
      if (cases === WARM_CASES) before = await server.figures();
      if (cases % WARM_CASES === 0) {
        stall = Math.max(stall, (await server.figures().catch(() => before)).stall);
        await calm(server).catch(() => undefined);
        onProgress?.(`${cases} cases, ${[...reports.values()].reduce((sum, one) => sum + one.frames, 0)} frames`);
      }
    }
    try {
      unended = await calm(server);
      engineRestarts = await restartsOf(server);
    } catch (error) {
      found.push(`at the end: ${(error as Error).message}`);
    }
    const after = await server.figures().catch(() => before);
    stall = Math.max(stall, after.stall);
    if (server.end === null) await server.stop();
    return { targets: reports, unended, before, after, stall, engineRestarts, found };
  } finally {
    // Whatever was thrown: a server that is left behind would keep the test from ending.
    if (server.end === null) await server.kill();
    await removeFolder(data);
  }
}

/** Sends frames and looks whether the server has survived them. Throws Broken or Hang, or what its end was. */
async function attempt(server: Running, target: Target, frames: readonly Frame[], hear: (told: unknown) => void) {
  const faults = server.faults.length;
  const carried = target.carry(server, target.role, frames, hear);
  const ended = server.exit.then(() => Promise.reject(new Broken(`the server ended: ${JSON.stringify(server.end)}`)));
  ended.catch(() => undefined);
  const sent = await Promise.race([carried, ended]).catch((error: unknown) => {
    carried.catch(() => undefined);
    throw error;
  });
  if (server.faults.length > faults)
    throw new Broken(`in the log: ${server.faults.slice(faults).join('\n').slice(0, 2000)}`);
  return sent;
}

function kindOf(server: Running, error: Error): 'crashes' | 'hangs' | 'broken' {
  if (server.end !== null) return 'crashes';
  return error instanceof Hang ? 'hangs' : 'broken';
}

/** Goes on with what is paused, undoes what would go on for ever, and counts the jobs that do not end. */
async function calm(server: Running): Promise<number> {
  const client = await server.connect('admin');
  try {
    const call = async (cmd: string, args = {}) =>
      (await within(client.ask(cmd, args).end, `the answer of ${cmd}`)).data;
    const maps = (await call('trigger.list')).maps as { id: string }[];
    for (const { id } of maps) await call('trigger.unmap', { id });
    for (let tries = 0; ; tries++) {
      const jobs = (await call('job.list')).jobs as { job: string; state: string }[];
      const open = jobs.filter(({ state }) => !['done', 'failed', 'cancelled'].includes(state));
      for (const { job, state } of open) if (state === 'paused') await call('job.resume', { job });
      if (open.length === 0 || tries > 3000) return open.length;
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

/** Whether frames still do it to a server that has seen nothing else. */
async function fails(target: Target, frames: readonly Frame[], options: StartOptions): Promise<string | null> {
  const data = await newFolder();
  const server = await start(data, options);
  try {
    await attempt(server, target, frames, () => undefined);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (server.end === null) await server.kill();
    await removeFolder(data);
  }
}

async function store(target: Target, frames: readonly Frame[], error: Error, options: StartOptions): Promise<string> {
  const least = await minimise(frames, async (some) => (await fails(target, some, options)) !== null);
  const kept: Kept = {
    target: target.name,
    what: error.message,
    frames: least.map(({ bytes, ...more }) => ({ hex: Buffer.from(bytes).toString('hex'), ...more })),
  };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  const name = `${target.name.replace(/\W+/g, '-')}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`;
  await mkdir(FOUND, { recursive: true });
  await writeFile(path.join(FOUND, name), text);
  return name;
}

/** Throws what was kept at a running server again. */
export async function replay(server: Running, { target: name, frames }: Kept): Promise<void> {
  const target = allTargets(new Uint8Array()).find((one) => one.name === name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const all = frames.map(({ hex, ...more }) => ({ bytes: new Uint8Array(Buffer.from(hex, 'hex')), ...more }));
  await attempt(server, target, all, () => undefined);
}
