import { createSocket, type Socket } from 'node:dgram';

const HEADER = 12;
/** Of a question: the root as its name, a type and a class. */
const SMALLEST_QUESTION = 5;
/** Of a record: the root, type, class, time to live, and the length of data of no bytes. */
const SMALLEST_RECORD = 11;

/**
 * Whether a DNS packet can hold as many records as its header says (RFC 1035, section 4.1.1).
 *
 * The library that reads packets makes room for all of them first: 47 bytes that promise 80,000 records cost it a millisecond
 * and 640 kB.
 */
export function canHoldItsRecords(packet: Uint8Array): boolean {
  if (packet.length < HEADER) return false;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const [questions, ...records] = [4, 6, 8, 10].map((at) => view.getUint16(at));
  const least = SMALLEST_QUESTION * questions! + SMALLEST_RECORD * records.reduce((sum, count) => sum + count, 0);
  return least <= packet.length - HEADER;
}

/** A UDP socket for mDNS that several programs may share, and that drops malformed packets. */
export function discoverySocket(): Socket {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const emit = socket.emit.bind(socket) as (event: string, ...args: unknown[]) => boolean;
  const sifted = (event: string, ...args: unknown[]): boolean =>
    event === 'message' && !canHoldItsRecords(args[0] as Uint8Array) ? false : emit(event, ...args);
  socket.emit = sifted as typeof socket.emit;
  return socket;
}
