/**
 * `npm run torture [-- PART[:TARGET] ... --minutes M --seed S --kills N]`: hours of attack, told at the end in tables.
 * Without a part all of them; TORTURE_PATIENCE_MS where a busy machine answers later than after a minute.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { seededUniform } from '../../evaluation/measure.ts';
import { mutate } from '../fuzz/mutate.ts';
import { allParsers } from '../fuzz/parsers.ts';
import { deedNames } from './deeds.ts';
import { withFaults } from './faults.ts';
import type { Figures } from './host.ts';
import { killSeries } from './kill.ts';
import { unable } from './server.ts';
import { soak } from './soak.ts';
import { wire } from './wire.ts';

const PARTS = ['parsers', 'wire', 'disk', 'kill', 'soak'] as const;
type Part = (typeof PARTS)[number];

/** Milliseconds of this process's own time that a frame may take. */
const MOST_CPU_MS = 2000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
let problems = 0;
const fault = (line: string): void => {
  problems += 1;
  say(`FOUND ${line}`);
};

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Math.trunc(Math.random() * 2 ** 31)) },
      only: { type: 'string', default: '' },
      kills: { type: 'string', default: '100' },
      engine: { type: 'string', default: 'real' },
    },
  });
  const asked = [...positionals, values.only].filter((one) => one !== '').map((one) => one.split(':'));
  const parts = asked.map(([part = '']) => part as Part);
  const [minutes, seed, kills] = [values.minutes, values.seed, values.kills].map(Number) as [number, number, number];
  if (
    ![minutes, seed, kills].every((n) => Number.isFinite(n) && n >= 0) ||
    !parts.every((part) => PARTS.includes(part)) ||
    !/^(real|scripted)$/.test(values.engine)
  ) {
    say(
      `usage: npm run torture -- [${PARTS.join('|')}[:TARGET]] --minutes M --seed S --kills N --engine real|scripted`,
    );
    process.exit(2);
  }
  return {
    minutes,
    seed,
    kills,
    target: asked.find(([, target]) => target !== undefined)?.[1],
    parts: parts.length === 0 ? PARTS : parts,
    engine: values.engine as 'real' | 'scripted',
  };
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const growth = (before: Figures, after: Figures): string =>
  `resident ${mib(before.rss)} -> ${mib(after.rss)}, heap ${mib(before.heap)} -> ${mib(after.heap)}, ` +
  `descriptors ${before.descriptors} -> ${after.descriptors}`;

/** Every parser in this process, as many frames as there is time for. */
async function parsers(ms: number, seed: number): Promise<void> {
  const all = await allParsers();
  const rows: Record<string, unknown>[] = [];
  for (const { name, frames, take, rest } of all) {
    const random = seededUniform(seed);
    const pick = (): number => Math.floor(random() * frames.length);
    const ends = performance.now() + ms / all.length;
    let [count, found, slowest] = [0, 0, 0];
    while (performance.now() < ends) {
      const base = pick();
      const frame = mutate(frames[base]!, frames[pick()]!, random);
      const begun = performance.now();
      const before = process.cpuUsage();
      try {
        await take(frame, base);
        const { user, system } = process.cpuUsage(before);
        const ms = Math.round((user + system) / 1000);
        if (ms > MOST_CPU_MS) throw new Error(`${ms} ms for ${frame.length} bytes`);
      } catch (error) {
        found += 1;
        fault(`${name}: ${String(error)}\n${Buffer.from(frame).toString('hex')}`);
      }
      slowest = Math.max(slowest, performance.now() - begun);
      if (++count % 1000 === 0) rest?.();
    }
    rows.push({ parser: name, frames: count, found, 'slowest ms': Math.round(slowest) });
  }
  console.table(rows);
}

async function wires(ms: number, seed: number, only: string | undefined, engine: 'real' | 'scripted'): Promise<void> {
  const report = await wire({ ms, seed, only, keep: true, server: { engine }, onProgress: say });
  console.table([...report.targets].map(([target, counts]) => ({ target, ...counts })));
  console.log(
    `jobs without an end: ${report.unended}; engine restarts: ${report.engineRestarts}; ${growth(report.before, report.after)}`,
  );
  console.log(`largest stall of the event loop: ${report.stall.toFixed(0)} ms`);
  for (const one of report.found) fault(one);
  if (report.unended > 0) fault(`${report.unended} jobs without an end`);
}

async function disk(): Promise<void> {
  const rows: unknown[] = [];
  for (const deed of deedNames) {
    try {
      rows.push(await withFaults(deed));
    } catch (error) {
      fault((error as Error).message);
    }
  }
  console.table(rows);
}

async function main(): Promise<void> {
  const { minutes, seed, kills, target, parts, engine } = options();
  if (unable !== false) {
    say(`foleyd: ${unable}, so the bench cannot run here`);
    process.exit(2);
  }
  say(`--seed ${seed}`);
  const timed = parts.filter((part) => part !== 'disk' && part !== 'kill').length;
  const ms = (minutes * 60_000) / Math.max(1, timed);
  for (const part of parts) {
    console.log(`\n== ${part}`);
    try {
      if (part === 'parsers') await parsers(ms, seed);
      else if (part === 'wire') await wires(ms, seed, target, engine);
      else if (part === 'disk') await disk();
      else if (part === 'kill') console.table([await killSeries(kills, seed, (done) => say(`${done} kills`))]);
      else {
        const { before, after, stall, ...counts } = await soak(ms, seed, { engine }, say);
        console.table([counts]);
        console.log(`${growth(before, after)}; largest stall of the event loop: ${stall.toFixed(0)} ms`);
      }
    } catch (error) {
      fault(`${part}: ${(error as Error).message}`);
    }
  }
  console.log(problems === 0 ? '\nnothing was found' : `\n${problems} found, seed ${seed}`);
  process.exit(problems === 0 ? 0 : 1);
}

await main();
