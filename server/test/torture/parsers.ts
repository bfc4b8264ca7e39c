/** Every parser in this process at its own speed: frames that were right and have faults, and frames made from the grammar. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { seededUniform } from '../../evaluation/measure.ts';
import { mutate } from '../fuzz/mutate.ts';
import type { Parser } from '../fuzz/parser.ts';
import { allParsers, messageParsers, slowParsers } from '../fuzz/parsers.ts';
import { FOUND } from './found.ts';
import { Grammar } from './grammar.ts';
import { minimise } from './minimise.ts';
import type { Uniform } from './random.ts';
import { RefusedGrammar } from './refused.ts';
import type { Role } from './server.ts';
import { http, json, msgpack, osc, type Target } from './targets.ts';

export interface ParserReport {
  parser: string;
  frames: number;
  /** Of them made from the grammar, changed or not. */
  made: number;
  found: number;
  /** Milliseconds of the slowest. */
  slowest: number;
}

/** What was found of a parser, as it is kept. */
export interface KeptFrame {
  what: string;
  parser: string;
  base: number;
  hex: string;
}

/** Milliseconds of this process's own time that a frame may take. */
const MAX_CPU_MS = 2000;
/** Of the parsers that read commands: frames of the grammar, and of these the part that is changed. */
const MADE = 0.5;
const CHANGED = 0.6;
/** Milliseconds of a turn, and of one of a parser that needs a disk or a whole server for each frame. */
const TURN_MS = 1000;
const SLOW_MS = 400;
/** Frames that a fault is tried with to make it smaller, where each takes no time, and where each needs a server. */
const TRIES = { quick: 2000, slow: 60 };

const makers: Readonly<Record<string, [make: Target['make'], role: Role]>> = {
  json: [json, 'admin'],
  'json, play': [json, 'play'],
  msgpack: [msgpack, 'admin'],
  'msgpack, play': [msgpack, 'play'],
  osc: [osc, 'admin'],
  connections: [http('close'), 'play'],
};

export interface ParsersOptions {
  ms: number;
  seed: number;
  /** Part of a name. */
  only?: string | undefined;
  fault: (line: string) => void;
  onProgress?: (line: string) => void;
  isOver?: () => boolean;
}

const quickParsers = async (): Promise<Parser[]> => [...(await allParsers()), ...(await messageParsers())];

/** All of them, as many frames as there is time for. */
export async function tortureParsers(options: ParsersOptions): Promise<ParserReport[]> {
  const { ms, only = '', onProgress = () => undefined, isOver = () => false } = options;
  const quick = await quickParsers();
  const slow = await Promise.all(
    Object.entries(slowParsers).flatMap(([name, open]) => (name.includes(only) ? [open()] : [])),
  );
  const all = [...quick.filter(({ name }) => name.includes(only)), ...slow];
  const attacks = all.map((parser) => new Attack(parser, slow.includes(parser) ? SLOW_MS : TURN_MS, options));
  const until = performance.now() + ms;
  // In turns, so that all of them had their share whenever it ends.
  for (let round = 1; performance.now() < until && !isOver(); round++) {
    for (const attack of attacks) if (performance.now() < until) await attack.turn();
    if (round % 10 === 0) onProgress(`${attacks.reduce((sum, { report }) => sum + report.frames, 0)} frames`);
  }
  for (const { close } of [...quick, ...slow]) await close?.();
  return attacks.map(({ report }) => ({ ...report, slowest: Math.round(report.slowest) }));
}

class Attack {
  readonly report: ParserReport;
  readonly #parser: Parser;
  readonly #turnMs: number;
  /** Frames whose processor time is looked at together. */
  readonly #together: number;
  readonly #next: ReturnType<typeof source>;
  readonly #fault: ParsersOptions['fault'];

  constructor(parser: Parser, turnMs: number, { seed, fault }: ParsersOptions) {
    [this.#parser, this.#turnMs, this.#fault] = [parser, turnMs, fault];
    this.#together = turnMs === SLOW_MS ? 1 : 256;
    this.#next = source(parser, seededUniform(seed));
    this.report = { parser: parser.name, frames: 0, made: 0, found: 0, slowest: 0 };
  }

  async turn(): Promise<void> {
    const [{ report }, { name, take, rest }, until] = [this, this.#parser, performance.now() + this.#turnMs];
    let before = process.cpuUsage();
    for (let count = 0; performance.now() < until; count++) {
      const { frame, base, isMade } = this.#next();
      const begun = performance.now();
      // Asking the system takes longer than most frames. What a few others took beside a slow one is little.
      if (count % this.#together === 0) before = process.cpuUsage();
      try {
        await take(frame, base);
        const ms = performance.now() - begun > MAX_CPU_MS ? cpuMsSince(before) : 0;
        if (ms > MAX_CPU_MS) throw new Error(`${ms} ms for ${frame.length} bytes`);
      } catch (error) {
        report.found += 1;
        this.#fault(`${name}: ${String(error)} (${await store(this.#parser, frame, base, String(error))})`);
      }
      report.slowest = Math.max(report.slowest, performance.now() - begun);
      report.made += isMade ? 1 : 0;
      if (++report.frames % 1000 === 0) rest?.();
    }
  }
}

function source({ name, frames }: Parser, random: Uniform) {
  const pick = (): number => Math.floor(random() * frames.length);
  const maker = makers[name];
  const grammars = [new Grammar(random), new RefusedGrammar(random)] as const;
  let count = 0;
  return (): { frame: Uint8Array; base: number; isMade: boolean } => {
    const base = pick();
    if (maker === undefined || random() >= MADE)
      return { frame: mutate(frames[base]!, frames[pick()]!, random), base, isMade: false };
    const [make, role] = maker;
    const { bytes } = make(grammars[random() < 0.5 ? 0 : 1], role, `n${++count}`);
    return { frame: random() < CHANGED ? mutate(bytes, frames[base]!, random) : bytes, base, isMade: true };
  };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}

/** Makes the frame small and keeps it; returns the name of the file. */
async function store(parser: Parser, frame: Uint8Array, base: number, what: string): Promise<string> {
  const fails = async ([one]: readonly { bytes: Uint8Array }[]): Promise<boolean> => {
    try {
      await parser.take(one!.bytes, base);
      return false;
    } catch {
      return true;
    }
  };
  const tries = parser.name in slowParsers ? TRIES.slow : TRIES.quick;
  const [least] = await minimise([{ bytes: frame }], fails, tries);
  const kept: KeptFrame = { what, parser: parser.name, base, hex: Buffer.from(least!.bytes).toString('hex') };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const file = `parser-${parser.name.replace(/\W+/g, '-')}-${hash}.json`;
  await mkdir(FOUND, { recursive: true });
  await writeFile(path.join(FOUND, file), text);
  return file;
}

/** Takes what was kept again. Throws where it is a fault still. */
export async function replayFrame({ parser: name, base, hex }: KeptFrame): Promise<void> {
  const quick = await quickParsers();
  const parser = quick.find((one) => one.name === name) ?? (await slowParsers[name]?.());
  if (parser === undefined) throw new Error(`there is no parser ${name}`);
  try {
    await parser.take(new Uint8Array(Buffer.from(hex, 'hex')), base);
  } finally {
    for (const { close } of new Set([...quick, parser])) await close?.();
  }
}
