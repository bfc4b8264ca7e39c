/** Protobuf's wire format, read field by field without trusting any length. */

const VARINT = 0;
const BYTES = 2;

export interface Field {
  number: number;
  wire: number;
  /** Of a varint, exact up to 2^53. */
  value: number;
  /** Of bytes, and of numbers of fixed size. */
  begin: number;
  end: number;
}

/** Bytes that are no such message. */
export class BrokenMessageError extends Error {
  override readonly name = 'BrokenMessageError';
}

/** A place in bytes that moves on as they are read. */
interface Cursor {
  at: number;
  readonly end: number;
}

function varint(bytes: Uint8Array, cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= cursor.end) throw new BrokenMessageError();
    const byte = bytes[cursor.at++]!;
    if (shift < 35) value += (byte & 127) * 2 ** shift;
    else if ((byte & 127) !== 0) value = Number.MAX_SAFE_INTEGER;
    if (byte < 128) return value;
  }
  throw new BrokenMessageError();
}

/** Packed varints, one behind the other. Throws BrokenMessageError. */
export function varints(bytes: Uint8Array, { begin, end }: Pick<Field, 'begin' | 'end'>): number[] {
  const cursor = { at: begin, end };
  const numbers: number[] = [];
  while (cursor.at < end) numbers.push(varint(bytes, cursor));
  return numbers;
}

/** A tag, then a varint, eight or four bytes, or a length and as many bytes. Throws BrokenMessageError. */
export function* fields(bytes: Uint8Array, from: number, end: number): Generator<Field> {
  const cursor = { at: from, end };
  while (cursor.at < end) {
    const tag = varint(bytes, cursor);
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (number === 0 || number > 2 ** 29) throw new BrokenMessageError();
    if (wire === VARINT) {
      const begin = cursor.at;
      yield { number, wire, value: varint(bytes, cursor), begin, end: cursor.at };
      continue;
    }
    const size = wire === BYTES ? varint(bytes, cursor) : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
    // Groups, which nobody writes any more, end here too.
    if (!(size <= end - cursor.at)) throw new BrokenMessageError();
    yield { number, wire, value: 0, begin: cursor.at, end: cursor.at + size };
    cursor.at += size;
  }
}

/** A field that is looked into must be bytes: a reader that takes it for something else would see another message. */
export function part(field: Field): Field {
  if (field.wire !== BYTES) throw new BrokenMessageError();
  return field;
}

export function isVarint({ wire }: Field): boolean {
  return wire === VARINT;
}
