import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { HangDetector } from '../util/hang-detector.ts';
import { shortageIn, shortageSaid } from '../util/shortage.ts';
import { startChild } from '../util/start-child.ts';
import type { TrainerCommand } from './python.ts';

/** One JSON line of the trainer. */
export type TrainerEvent = { event: string } & Record<string, unknown>;

export interface TrainerEnd {
  /** 0: it ended as it should. Null where a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why we ended it, where that was because it hung. */
  hung: string | null;
  /** Why it could not begin or go on, where the machine had too little of something. */
  shortage: string | null;
  /** What it said was wrong. */
  error: { kind: string; message: string } | null;
  /** Last lines of its log, oldest first. */
  log: string[];
}

/** How a trainer ended, in words. */
export function howEnded({
  code,
  signal,
  hung,
  shortage,
}: Pick<TrainerEnd, 'code' | 'signal' | 'hung' | 'shortage'>): string {
  return `the trainer ended (${shortage ?? hung ?? signal ?? `exit code ${code}`})`;
}

const LOG_LINES = 40;
const LINE_CHARS = 2000;
/** Milliseconds after which a process that was asked to leave is made to. */
const PATIENCE_MS = 30_000;
/** Milliseconds without a word and without processor time after which it is taken for hung: it may wait a minute for another one's lock. */
export const STILL_MS = 120_000;

/** A trainer that runs, at low priority. Its stdin is how it knows that we are there: it leaves when that ends. */
export class TrainerProcess {
  readonly ended: Promise<TrainerEnd>;
  readonly #child: ChildProcess;
  #leaving: NodeJS.Timeout | null = null;
  #hung: string | null = null;

  constructor(
    command: TrainerCommand,
    args: readonly string[],
    onEvent: (event: TrainerEvent) => void,
    watch: { lookMs: number; stillMs: number } = { lookMs: 2000, stillMs: STILL_MS },
  ) {
    // Without descriptors for its pipes there is no process and no streams; `error` below then says why.
    const child = startChild(() =>
      spawn(command.file, [...command.args, ...args], { env: command.env, stdio: 'pipe' }),
    );
    this.#child = child;
    // From the start: loading its libraries is work too.
    if (child.pid !== undefined) lower(child.pid);
    child.stdin?.on('error', () => undefined);
    const hang = child.pid === undefined ? null : new HangDetector(child.pid, watch);
    const looking = setInterval(() => {
      const seen = hang?.look();
      if (seen?.isOver !== true || this.#hung !== null) return;
      this.#hung = `it did nothing for ${seen.patience / 1000} s`;
      this.kill();
    }, watch.lookMs);
    const log: string[] = [];
    let error: TrainerEnd['error'] = null;
    eachLine(child.stderr, (line) => {
      log.push(line.slice(0, LINE_CHARS));
      if (log.length > LOG_LINES) log.shift();
    });
    eachLine(child.stdout, (line) => {
      hang?.noteActivity();
      const event = parse(line);
      if (event === null) return;
      if (event.event === 'error') error = { kind: String(event.kind), message: String(event.message) };
      onEvent(event);
    });
    this.ended = new Promise((resolve) => {
      let failed: Error | null = null;
      child.once('error', (cause) => {
        failed = cause;
        // What never started does not close either.
        if (child.pid !== undefined) return;
        clearInterval(looking);
        const shortage = shortageIn(cause);
        resolve({ code: 1, signal: null, hung: null, shortage, error, log: [...log, cause.message] });
      });
      child.once('close', (code, signal) => {
        if (this.#leaving !== null) clearTimeout(this.#leaving);
        clearInterval(looking);
        const shortage = code === 0 ? null : shortageSaid(error?.message ?? log.at(-1) ?? '');
        const all = failed === null ? log : [...log, failed.message];
        resolve({ code, signal, hung: this.#hung, shortage, error, log: all });
      });
    });
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** Lets it write a checkpoint and leave. */
  stop(): void {
    if (this.#leaving !== null) return;
    this.#child.stdin?.end();
    if (process.platform !== 'win32') {
      this.#child.kill('SIGTERM');
      // One that somebody stopped leaves in order, too.
      this.#child.kill('SIGCONT');
    }
    this.#leaving = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
  }

  /** Ends it at once. What it had saved is whole. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function eachLine(input: Readable | null, onLine: (line: string) => void): void {
  // Null in the types, undefined where the process did not start.
  if (input == null) return;
  // What cannot be read ends like the process does: `close` follows.
  createInterface({ input })
    .on('line', onLine)
    .on('error', () => undefined);
}

function lower(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may have ended already.
  }
}

function parse(line: string): TrainerEvent | null {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string'
      ? (value as TrainerEvent)
      : null;
  } catch {
    return null;
  }
}
