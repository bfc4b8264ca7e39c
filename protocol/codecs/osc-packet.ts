import { fromBuffer, type OscArgInput, type OscArgOutputOrArray, toBuffer } from 'osc-min';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isImmediate, type Timetag, timetagToMs } from './timetag.ts';

export type OscArg = OscArgOutputOrArray;

export interface OscMessage {
  address: string;
  args: OscArg[];
}

/** Messages of one datagram that belong to one moment; they are handled together, in order. */
export interface OscMoment {
  /** Milliseconds since 1970; null is now. */
  at: number | null;
  /** The time it was meant for, where that was past. */
  missed: number | null;
  messages: OscMessage[];
}

/**
 * One datagram to its messages, nested bundles resolved, times ascending. Past times are now. An inner bundle is
 * never earlier than the one around it. If any part is broken the whole datagram is `malformed`, so a bundle is never
 * half heard.
 * @param now milliseconds since 1970
 */
export function decodePacket(bytes: Uint8Array, now: number): OscMoment[] {
  if (bytes.byteLength > limits.oscDatagramBytes) throw new ProtocolError('too_large');
  const moments = new Map<number, OscMessage[]>();
  let missed: number | null = null;
  let count = 0;
  const visit = (packet: Uint8Array, outer: number, depth: number) => {
    if (packet[0] === 0x2f) {
      if (++count > limits.oscMessages) throw malformed(`more than ${limits.oscMessages} messages in one datagram`);
      const messages = moments.get(outer) ?? [];
      moments.set(outer, messages);
      messages.push(decodeMessage(packet));
      return;
    }
    if (depth > limits.oscDepth) throw malformed(`bundles nested deeper than ${limits.oscDepth}`);
    const { timetag, elements } = splitBundle(packet);
    const time = isImmediate(timetag) ? outer : timetagToMs(timetag, now);
    if (time < now && outer === now) missed ??= time;
    const at = Math.max(outer, time);
    for (const element of elements) visit(element, at, depth + 1);
  };
  visit(bytes, now, 1);
  return [...moments]
    .sort(([a], [b]) => a - b)
    .map(([at, messages]) => ({
      ...(at <= now ? { at: null, missed } : { at, missed: null }),
      messages,
    }));
}

/** The frame of a bundle. osc-min's own walk drops elements it cannot read, which would tear bundles apart. */
function splitBundle(packet: Uint8Array): { timetag: Timetag; elements: Uint8Array[] } {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  // "#bundle\0"
  if (packet.byteLength < 16 || view.getUint32(0) !== 0x2362756e || view.getUint32(4) !== 0x646c6500) {
    throw malformed('neither a message, which begins with "/", nor a bundle');
  }
  const elements: Uint8Array[] = [];
  for (let at = 16; at < packet.byteLength; ) {
    const size = packet.byteLength - at < 4 ? -1 : view.getInt32(at);
    if (size < 4 || size % 4 !== 0 || size > packet.byteLength - at - 4)
      throw malformed('a bundle element has a wrong size');
    elements.push(packet.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return { timetag: [view.getUint32(8), view.getUint32(12)], elements };
}

function decodeMessage(packet: Uint8Array): OscMessage {
  let message: ReturnType<typeof fromBuffer>;
  try {
    message = fromBuffer(packet);
  } catch (cause) {
    throw new ProtocolError(
      'malformed',
      'not a valid OSC message; expected an address, type tags and arguments (OSC 1.0)',
      { cause },
    );
  }
  if (message.oscType !== 'message')
    throw malformed('not a valid OSC message; expected an address, type tags and arguments (OSC 1.0)');
  if (message.args.length > limits.oscArgs) throw malformed(`more than ${limits.oscArgs} arguments in one message`);
  return { address: message.address, args: message.args };
}

/** One message as a datagram. Throws `too_large`. */
export function encodeMessage(address: string, args: readonly OscArgInput[]): Uint8Array {
  const view = toBuffer({ address, args: [...args] });
  if (view.byteLength > limits.oscDatagramBytes)
    throw new ProtocolError(
      'too_large',
      'the answer does not fit into one datagram; ask for less, or use WebSocket or HTTP',
    );
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function malformed(message: string): ProtocolError {
  return new ProtocolError('malformed', message);
}
