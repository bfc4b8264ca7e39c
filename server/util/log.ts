import { Writable } from 'node:stream';
import pino from 'pino';
import { printable } from '../../protocol/printable.ts';
import type { LogLine } from './log-line.ts';

export type Log = pino.Logger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const NAMES: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const COLOURS: Record<number, number> = { 10: 90, 20: 36, 30: 32, 40: 33, 50: 31, 60: 35 };

/** One line of JSON as pino writes it -> one line for a person: time, level, message, then the fields. */
export function prettyLine(line: string, colour: boolean): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, err, pid: _pid, hostname: _host, ...fields } = record;
  const number = typeof level === 'number' ? level : 30;
  const clock = new Date(typeof time === 'number' ? time : Date.now()).toISOString().slice(11, 23);
  const name = (NAMES[number] ?? 'info').padEnd(5);
  const label = colour ? `\u001b[${COLOURS[number] ?? 0}m${name}\u001b[0m` : name;
  const rest = Object.entries(fields).map(([key, value]) => {
    return `${key}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`;
  });
  const error = err as { message?: string; code?: string; stack?: string } | undefined;
  if (error !== undefined && number < 50) rest.push(String(error.message));
  const text = printable([String(msg ?? ''), ...rest].join('  '));
  if (error === undefined || number < 50) return `${clock} ${label} ${text}\n`;
  // Lines of a stack are set in, so that none that a message quotes looks like a line of the log.
  const stack = String(error.stack ?? error.message)
    .split('\n')
    .map(printable)
    .join('\n    ');
  return `${clock} ${label} ${text}  ${stack}\n`;
}

/** The server's log on stderr: JSON lines, or plain lines if stderr is a terminal. */
export function createLog(options: { level: LogLevel; pretty?: boolean; to?: NodeJS.WritableStream }): Log {
  const to = options.to ?? process.stderr;
  const pretty = options.pretty ?? (to as NodeJS.WriteStream).isTTY === true;
  const base = {
    level: options.level,
    base: null,
    formatters: { log: rounded },
    // JSON leaves C1 control characters as they are.
    hooks: { streamWrite: (line: string) => `${printable(line.trimEnd())}\n` },
  };
  if (!pretty) return pino(base, to);
  const colour = process.env.NO_COLOR === undefined && (to as NodeJS.WriteStream).isTTY === true;
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      to.write(prettyLine(String(chunk), colour));
      done();
    },
  });
  return pino(base, sink);
}

/** Durations, which are measured to a millionth of a millisecond, to a tenth of one. */
function rounded(fields: Record<string, unknown>): Record<string, unknown> {
  const round = ([key, value]: [string, unknown]): [string, unknown] =>
    typeof value === 'number' && key.endsWith('Ms') ? [key, Math.round(value * 10) / 10] : [key, value];
  return Object.fromEntries(Object.entries(fields).map(round));
}

/** A log as the rooms of a server take it. @param bound fields that each of its lines has */
export function logLineOf(log: Log, bound: Record<string, unknown> = {}): LogLine {
  return (level, message, fields) => log[level]({ ...bound, ...fields }, message);
}
