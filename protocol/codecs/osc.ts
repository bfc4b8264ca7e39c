import type { OscArgInput } from 'osc-min';
import { failedAnswer } from '../envelope.ts';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { decodePacket, encodeMessage, type OscArg } from './osc-packet.ts';
import { encodeOsc, integer } from './osc-reply.ts';
import { type IsMapped, type OscItem, readMessage, replyAddress } from './osc-request.ts';

/** The commands of one datagram that take effect at the same time. */
export interface OscBatch {
  /** When to handle it, in milliseconds since 1970; null is now. */
  at: number | null;
  /** The time that it was meant for, where that was past. */
  missed: number | null;
  items: OscItem[];
}

/**
 * One datagram to what it asks for. Throws `malformed` or `too_large`, both about the whole datagram; a message that
 * is refused alone comes back as an item, so that its sender hears of it under its id.
 * @param now milliseconds since 1970
 */
export function decodeOsc(datagram: Uint8Array, now: number, isMapped?: IsMapped): OscBatch[] {
  return decodePacket(datagram, now).map(({ at, missed, messages }) => {
    const items = messages.map((message) => readMessage(message, isMapped));
    return at !== null && at - now > limits.oscHorizonMs
      ? { at: null, missed: null, items: items.map((item) => refuse(item, at - now)) }
      : { at, missed, items };
  });
}

/** `/foley/failed` for something that never became a request. Without an echo the id is an empty string. */
export function encodeOscFailed(error: ProtocolError, echo: OscArg = { type: 'string', value: '' }): Uint8Array {
  return encodeOsc(null, echo, failedAnswer(null, error))[0] ?? new Uint8Array();
}

/**
 * A message as a client sends it: whole numbers as int32 (as text where they do not fit), others as float32. Typed
 * arguments of osc-min pass.
 */
export function oscMessage(address: string, ...args: OscArgInput[]): Uint8Array {
  return encodeMessage(address, args.map(typed));
}

function typed(arg: OscArgInput): OscArgInput {
  if (typeof arg === 'string') return { type: 'string', value: arg };
  return typeof arg === 'number' && Number.isInteger(arg) ? integer(arg) : arg;
}

function refuse(item: OscItem, aheadMs: number): OscItem {
  if (item.kind === 'refused' || item.kind === 'nothing') return item;
  const seconds = Math.round(aheadMs / 1000);
  const error = new ProtocolError(
    'bad_args',
    `the timetag is ${seconds} s ahead; at most ${limits.oscHorizonMs / 1000} s are allowed`,
  );
  return {
    kind: 'refused',
    echo: item.kind === 'request' ? item.echo : { type: 'string', value: replyAddress },
    error,
    ...(item.kind === 'request' && item.reply !== undefined ? { reply: item.reply } : {}),
  };
}
