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

/** A tag, then a varint, eight or four bytes, or a length and as many bytes. Throws BrokenMessageError. */
export function* fields(bytes: Uint8Array, from: number, end: number): Generator<Field> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw new BrokenMessageError();
      const byte = bytes[at++]!;
      if (shift < 35) value += (byte & 127) * 2 ** shift;
      else if ((byte & 127) !== 0) value = Number.MAX_SAFE_INTEGER;
      if (byte < 128) return value;
    }
    throw new BrokenMessageError();
  };
  while (at < end) {
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (number === 0 || number > 2 ** 29) throw new BrokenMessageError();
    if (wire === VARINT) {
      const begin = at;
      yield { number, wire, value: varint(), begin, end: at };
      continue;
    }
    const size = wire === BYTES ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
    // Groups, which nobody writes any more, end here too.
    if (!(size <= end - at)) throw new BrokenMessageError();
    yield { number, wire, value: 0, begin: at, end: at + size };
    at += size;
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
