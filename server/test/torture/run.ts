/**
 * `npm run torture [-- PART[:TARGET] ... --minutes M --seed S --kills N --out FILE]`: hours of attack, told at the end in
 * tables, and in FILE as JSON, where the parts that were not run keep what they had. Without a part all of them;
 * TORTURE_PATIENCE_MS where a busy machine answers later than after a minute. On SIGINT a part ends soon, and is told as usual.
 */
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { deedNames } from './deeds.ts';
import { withFaults } from './faults.ts';
import type { Figures } from './host.ts';
import { killSeries } from './kill.ts';
import { tortureParsers } from './parsers.ts';
import { type EngineName, engineNames, unable } from './server.ts';
import { soak } from './soak.ts';
import { wire } from './wire.ts';

const PARTS = ['parsers', 'wire', 'disk', 'kill', 'soak'] as const;
type Part = (typeof PARTS)[number];

const say = (line: string): void => void process.stderr.write(`${line}\n`);
/** Whether it is asked to end early; a second SIGINT ends it at once. */
let isAsked = false;
const isOver = (): boolean => isAsked;
process.once('SIGINT', () => {
  isAsked = true;
  say('the run ends soon');
});

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
      out: { type: 'string' },
    },
  });
  const asked = [...positionals, values.only].filter((one) => one !== '').map((one) => one.split(':'));
  const parts = asked.map(([part = '']) => part as Part);
  const [minutes, seed, kills] = [values.minutes, values.seed, values.kills].map(Number) as [number, number, number];
  if (
    ![minutes, seed, kills].every((n) => Number.isFinite(n) && n >= 0) ||
    !parts.every((part) => PARTS.includes(part)) ||
    !engineNames.some((name) => name === values.engine)
  ) {
    say(
      `usage: npm run torture -- [${PARTS.join('|')}[:TARGET]] --minutes M --seed S --kills N --engine ${engineNames.join('|')} --out FILE`,
    );
    process.exit(2);
  }
  return {
    minutes,
    seed,
    kills,
    target: asked.find(([, target]) => target !== undefined)?.[1],
    parts: parts.length === 0 ? PARTS : parts,
    engine: values.engine as EngineName,
    out: values.out ?? null,
  };
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const growth = (before: Figures, after: Figures): string =>
  `resident ${mib(before.rss)} -> ${mib(after.rss)}, heap ${mib(before.heap)} -> ${mib(after.heap)}, ` +
  `descriptors ${before.descriptors} -> ${after.descriptors}`;

async function parsers(ms: number, seed: number, only: string | undefined): Promise<unknown> {
  const rows = await tortureParsers({ ms, seed, only, fault, onProgress: say, isOver });
  console.table(rows);
  console.log(`${rows.reduce((sum, { frames }) => sum + frames, 0)} frames`);
  return rows;
}

async function wires(ms: number, seed: number, only: string | undefined, engine: EngineName): Promise<unknown> {
  const report = await wire({ ms, seed, only, keep: true, server: { engine }, onProgress: say, isOver });
  console.table([...report.targets].map(([target, counts]) => ({ target, ...counts })));
  console.log(
    `jobs without an end: ${report.unended}; engine restarts: ${report.engineRestarts}; ${growth(report.before, report.after)}`,
  );
  const { framesPerSecond, busy } = report.rates;
  console.log(`largest stall of the event loop: ${report.stall.toFixed(0)} ms`);
  console.log(
    `${framesPerSecond} frames/s; of a core took the bench ${busy.bench / 1000}, the server ${busy.server / 1000}`,
  );
  for (const one of report.found) fault(one);
  const { play, admin } = report.commands;
  const never = [...admin].filter(([cmd, ends]) => !ends.has('done') && play.get(cmd)?.has('done') !== true);
  if (never.length > 0) console.log(`never done: ${never.map(([cmd]) => cmd).join(' ')}`);
  const plain = (all: typeof play) =>
    Object.fromEntries([...all].map(([cmd, ends]) => [cmd, Object.fromEntries(ends)]));
  const commands = { play: plain(play), admin: plain(admin) };
  return { ...report, targets: Object.fromEntries(report.targets), commands };
}

async function disk(): Promise<unknown> {
  const rows: unknown[] = [];
  for (const deed of deedNames) {
    try {
      rows.push(await withFaults(deed));
    } catch (error) {
      fault((error as Error).message);
    }
  }
  console.table(rows);
  return rows;
}

async function kills(count: number, seed: number): Promise<unknown> {
  const report = await killSeries({
    kills: count,
    seed,
    onProgress: (done) => say(`${done} kills`),
    isOver,
  });
  console.table([report]);
  return report;
}

async function soaks(ms: number, seed: number, engine: EngineName): Promise<unknown> {
  const report = await soak(ms, seed, { engine }, say, isOver);
  const { before, after, series: _, stall, ...counts } = report;
  console.table([counts]);
  console.log(`${growth(before, after)}; largest stall of the event loop: ${stall.toFixed(0)} ms`);
  return report;
}

/** What parts found, beside what is kept of others. */
async function keep(file: string, report: Record<string, unknown>): Promise<void> {
  const kept = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Record<string, unknown>,
    () => ({}),
  );
  await writeFile(file, `${JSON.stringify({ ...kept, ...report }, null, 1)}\n`);
}

async function main(): Promise<void> {
  const { minutes, seed, kills: count, target, parts, engine, out } = options();
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
      const begun = performance.now();
      const run: Record<Part, () => Promise<unknown>> = {
        parsers: () => parsers(ms, seed, target),
        wire: () => wires(ms, seed, target, engine),
        disk,
        kill: () => kills(count, seed),
        soak: () => soaks(ms, seed, engine),
      };
      const report = await run[part]();
      const seconds = Math.round((performance.now() - begun) / 1000);
      if (out !== null) await keep(out, { [part]: { seed, seconds, when: new Date().toISOString(), report } });
    } catch (error) {
      fault(`${part}: ${(error as Error).message}`);
    }
  }
  console.log(problems === 0 ? '\nnothing was found' : `\n${problems} found, seed ${seed}`);
  process.exit(problems === 0 ? 0 : 1);
}

await main();
