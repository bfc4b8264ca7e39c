import type { OscArgInput } from 'osc-min';
import type { OscReply } from '../commands/define.ts';
import { commandOf, isCommandName } from '../commands/index.ts';
import type { Answer } from '../envelope.ts';
import { mixText } from '../mix-text.ts';
import { encodeMessage, type OscArg } from './osc-packet.ts';
import { FLOAT_EXACT } from './osc-words.ts';

const failedAddress = '/foley/failed';

/** Every command fails in the same form. */
const failedReply: OscReply = { address: failedAddress, args: ['id', 'code:s', 'message:s'] };

/** Timed commands that came too late all say so in the same form. */
const lateReply: OscReply = { address: '/late', args: ['id', 'late:f', 'asked:n', 'at:n'] };

/** The datagrams of one answer, in order; none for events without an OSC form. Throws `too_large`. */
export function encodeOsc(cmd: string | null, echo: OscArg, answer: Answer): Uint8Array[] {
  return repliesTo(cmd, answer.event)
    .flatMap((reply) => messagesOf(reply, echo, answer.data))
    .map(({ address, args }) => encodeMessage(address, args));
}

function repliesTo(cmd: string | null, event: string): readonly OscReply[] {
  if (event === 'failed') return [failedReply];
  if (event === 'late') return [lateReply];
  const replies = cmd !== null && isCommandName(cmd) ? commandOf(cmd).osc?.replies : undefined;
  return (replies !== undefined && Object.hasOwn(replies, event) ? replies[event] : undefined) ?? [];
}

function messagesOf(
  reply: OscReply,
  echo: OscArg,
  data: Record<string, unknown>,
): { address: string; args: OscArgInput[] }[] {
  const { address } = reply;
  const list = reply.each === undefined ? [data] : pick(data, reply.each);
  const sources = Array.isArray(list) && list.length >= (reply.atLeast ?? 0) ? list : [];
  const { named } = reply;
  return sources.flatMap((source) => {
    const args = reply.args.flatMap((arg) => oscArgs(arg, echo, source));
    if (named === undefined) return [{ address, args }];
    const given = named.map((field) => ({ field, value: plain(pick(source, field)) }));
    return given.flatMap(({ field, value }) =>
      value === null ? [] : [{ address, args: [...args, text(field), value] }],
    );
  });
}

/** A number, a word or, of a mix, the word that requests have for it; null of what is not there. */
function plain(value: unknown): OscArgInput | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? exact(value) : { type: 'float', value };
  return text(typeof value === 'object' ? mixText(value) : value);
}

function oscArgs(arg: string, echo: OscArg, source: unknown): OscArgInput[] {
  if (arg === 'id') return [echo as OscArgInput];
  const [field = '', type = 's'] = arg.split(':');
  const value = pick(source, field);
  switch (type) {
    case 'i':
      return [{ type: 'integer', value: Number(value ?? 0) }];
    case 'f':
      return [{ type: 'float', value: Number(value ?? 0) }];
    case 'n':
      return [exact(Number(value ?? 0))];
    case '*':
      return Array.isArray(value) ? value.map((item) => text(item)) : [];
    case '?':
      return [plain(value)].filter((one) => one !== null);
    default:
      return [text(value ?? '')];
  }
}

/** int32 where it fits, else decimal text: sclang, Max and Pd have no int64. */
export function integer(value: number): OscArgInput {
  return value === (value | 0) ? { type: 'integer', value } : text(value);
}

/** int32 where a float32 is exact too, else decimal text: Pd and TouchOSC, with floats alone, can send that back. */
function exact(value: number): OscArgInput {
  return Math.abs(value) <= FLOAT_EXACT ? integer(value) : text(value);
}

function text(value: unknown): OscArgInput {
  // OSC strings end at the first NUL. Typed, because osc-min takes the bare word "bang" for an impulse.
  return { type: 'string', value: String(value).replaceAll('\0', ' ') };
}

/** `clips.0.path` or, through an array, `classes.name`. */
function pick(source: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (Array.isArray(value) && !/^\d+$/.test(key)) return value.map((item) => pick(item, key));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }, source);
}
