import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ErrorCode, printable } from '../../../protocol/index.ts';
import { appendLine } from '../../util/json-lines.ts';
import type { LogLine } from '../../util/log-line.ts';
import { SerialQueue } from '../../util/serial-queue.ts';

/** Who did what with the admin role. */
export interface AdminAction {
  cmd: string;
  /** Without secrets. */
  args: unknown;
  /** The client's id of the request, which its outcome repeats. */
  request: string;
  session: string;
  transport: string;
}

/** Who tried without it. */
export interface RefusedAction {
  /** null where that was not said. */
  cmd: string | null;
  transport: string;
  code: ErrorCode;
}

/** One file of so many bytes, and one before it. */
const MAX_BYTES = 4 * 2 ** 20;
/** Of an action's arguments; more is cut. */
const MAX_CHARS = 4096;
/** Refusals of one kind within so many milliseconds are one line: whoever knocks all night fills no disk. */
const COUNT_MS = 60_000;
/** Kinds that are counted at a time. */
const MAX_KINDS = 256;

/**
 * Log of admin actions as JSON lines, one before and one after each, and of refused attempts. Errors of the disk are
 * reported and block nothing.
 */
export class AuditLog {
  readonly #file: string;
  readonly #log: LogLine;
  readonly #countMs: number;
  readonly #refused = new Map<string, { action: RefusedAction; times: number; timer: NodeJS.Timeout }>();
  readonly #queue = new SerialQueue();

  constructor(file: string, log: LogLine, countMs: number = COUNT_MS) {
    this.#file = file;
    this.#log = log;
    this.#countMs = countMs;
  }

  begun({ args, ...action }: AdminAction): Promise<void> {
    return this.#add({ event: 'begun', ...action, args: JSON.stringify(args).slice(0, MAX_CHARS) });
  }

  /** @param code why it failed; null when it is done */
  ended({ cmd, request, session, transport }: Omit<AdminAction, 'args'>, code: ErrorCode | null): Promise<void> {
    const outcome = code === null ? { outcome: 'done' } : { outcome: 'failed', code };
    return this.#add({ event: 'ended', cmd, request, session, transport, ...outcome });
  }

  /** The first of a kind is told at once, those that follow with their number. */
  refused(action: RefusedAction): void {
    const kind = `${action.transport} ${action.cmd} ${action.code}`;
    const known = this.#refused.get(kind);
    if (known !== undefined) {
      known.times += 1;
      return;
    }
    if (this.#refused.size >= MAX_KINDS) return;
    const timer = setTimeout(() => this.#tell(kind), this.#countMs);
    timer.unref();
    this.#refused.set(kind, { action, times: 0, timer });
    void this.#add({ event: 'refused', ...action, times: 1 });
  }

  /** Tells what was counted, and resolves once all is written. */
  close(): Promise<void> {
    for (const kind of [...this.#refused.keys()]) this.#tell(kind);
    return this.#queue.ended();
  }

  #tell(kind: string): void {
    const { action, times, timer } = this.#refused.get(kind)!;
    clearTimeout(timer);
    this.#refused.delete(kind);
    if (times > 0) void this.#add({ event: 'refused', ...action, times });
  }

  #add(line: Record<string, unknown>): Promise<void> {
    const text = printable(JSON.stringify({ when: new Date().toISOString(), ...line }));
    return this.#queue
      .run(() => this.#write(text))
      .catch((err: unknown) => {
        this.#log('warn', 'an admin action could not be logged', { err });
      });
  }

  async #write(line: string): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const found = await stat(this.#file).catch(() => null);
    if (found !== null && found.size > MAX_BYTES) await rename(this.#file, `${this.#file}.1`);
    await appendLine(this.#file, line, { mode: 0o600 });
  }
}
