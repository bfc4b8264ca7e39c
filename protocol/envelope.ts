import type { CommandName, EventData, Events } from './commands/index.ts';
import { ProtocolError } from './errors.ts';
import { limits } from './limits.ts';

/** What a client sends, before its command is looked up and its arguments are checked. */
export interface Request {
  id: string;
  cmd: string;
  args: Record<string, unknown>;
  /** When it is meant to happen, in milliseconds since 1970; only for commands that are timed. */
  at?: number;
}

/** What a server sends. `id` is null only for a `failed` that answers something unreadable. */
export interface Answer {
  id: string | null;
  event: string;
  data: Record<string, unknown>;
}

/** An answer whose event and data belong together. */
export type AnswerTo<N extends CommandName> = {
  [E in Events<N>]: { id: string; event: E; data: EventData<N, E> };
}[Events<N>];

const keys = new Set(['id', 'cmd', 'args', 'at']);

/** Checks `{id, cmd, args?, at?}`. Throws `bad_envelope`, carrying the id when there is a usable one. */
export function parseRequest(value: unknown): Request {
  if (!isPlainObject(value)) throw new ProtocolError('bad_envelope', 'expected a map {id, cmd, args}');
  const id = parseId(value.id);
  const fail = (message: string, path: string) => new ProtocolError('bad_envelope', message, { id, path });
  for (const key of Object.keys(value)) {
    if (!keys.has(key))
      throw fail(`${show(key)}: unknown field; a request is {id, cmd, args}`, key.slice(0, limits.idChars));
  }
  const { cmd, args = {} } = value;
  if (typeof cmd !== 'string') throw fail('cmd: expected the name of a command', 'cmd');
  if (cmd.length < 1 || cmd.length > limits.nameChars)
    throw fail(`cmd: expected 1 to ${limits.nameChars} characters`, 'cmd');
  if (!isPlainObject(args)) throw fail('args: expected a map', 'args');
  const { at } = value;
  if (at === undefined) return { id, cmd, args };
  if (typeof at !== 'number' || !Number.isFinite(at)) throw fail('at: expected milliseconds since 1970', 'at');
  return { id, cmd, args, at };
}

/** Checks `{id, event, data}`, for clients. */
export function parseAnswer(value: unknown): Answer {
  if (!isPlainObject(value)) throw new ProtocolError('bad_envelope', 'expected a map {id, event, data}');
  const id = value.id === null ? null : parseId(value.id);
  if (typeof value.event !== 'string')
    throw new ProtocolError('bad_envelope', 'event: expected a string', { path: 'event' });
  if (!isPlainObject(value.data)) throw new ProtocolError('bad_envelope', 'data: expected a map', { path: 'data' });
  return { id, event: value.event, data: value.data };
}

/** The answer that a thrown error becomes. */
export function failedAnswer(id: string | null, error: ProtocolError, job?: string): Answer {
  return {
    id: id ?? error.id ?? null,
    event: 'failed',
    data: { ...error.toData(), ...(job === undefined ? {} : { job }) },
  };
}

function parseId(id: unknown): string {
  if (typeof id !== 'string') throw new ProtocolError('bad_envelope', 'id: expected a string', { path: 'id' });
  if (id.length < 1 || id.length > limits.idChars) {
    throw new ProtocolError('bad_envelope', `id: expected 1 to ${limits.idChars} characters`, { path: 'id' });
  }
  return id;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Text from outside, shortened and quoted for a message. */
export function show(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
