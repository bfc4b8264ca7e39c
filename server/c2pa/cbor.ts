/** CBOR (RFC 8949), as far as C2PA needs it: no floats, no indefinite lengths; encoded in the shortest form. */

export type Cbor =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly Cbor[]
  | ReadonlyMap<number | string, Cbor>
  | { readonly [key: string]: Cbor }
  | Tagged;

export class Tagged {
  readonly tag: number;
  readonly value: Cbor;

  constructor(tag: number, value: Cbor) {
    this.tag = tag;
    this.value = value;
  }
}

/** Bytes that are not CBOR, or of a kind that C2PA does not use. */
export class CborError extends Error {}

const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE] = [0, 1, 2, 3, 4, 5, 6, 7];
const [FALSE, TRUE, NULL] = [20, 21, 22];
/** Deeper than anything of C2PA. */
const DEEPEST = 32;

export function encodeCbor(value: Cbor): Buffer {
  if (value === null) return head(SIMPLE, NULL);
  if (typeof value === 'boolean') return head(SIMPLE, value ? TRUE : FALSE);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new CborError(`${value} is not a whole number`);
    return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value);
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return Buffer.concat([head(TEXT, text.length), text]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(BYTES, value.length), value]);
  if (value instanceof Tagged) return Buffer.concat([head(TAG, value.tag), encodeCbor(value.value)]);
  if (Array.isArray(value)) return Buffer.concat([head(ARRAY, value.length), ...value.map(encodeCbor)]);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Buffer.concat([head(MAP, entries.length), ...entries.flat().map((part) => encodeCbor(part as Cbor))]);
}

/** Maps come back as Map. Throws CborError. */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.ended) throw new CborError('bytes follow the value');
  return value;
}

function head(kind: number, value: number): Buffer {
  const top = kind << 5;
  if (value < 24) return Buffer.from([top | value]);
  if (value < 2 ** 8) return Buffer.from([top | 24, value]);
  const longer = Buffer.alloc(value < 2 ** 16 ? 3 : value < 2 ** 32 ? 5 : 9);
  longer[0] = top | (longer.length === 3 ? 25 : longer.length === 5 ? 26 : 27);
  if (longer.length === 3) longer.writeUInt16BE(value, 1);
  else if (longer.length === 5) longer.writeUInt32BE(value, 1);
  else longer.writeBigUInt64BE(BigInt(value), 1);
  return longer;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): Cbor {
    if (depth > DEEPEST) throw new CborError('nested too deep');
    const first = this.#take(1)[0]!;
    const [kind, short] = [first >> 5, first & 31];
    const size = short < 24 ? short : this.#number(short);
    if (kind === UNSIGNED) return size;
    if (kind === NEGATIVE) return -1 - size;
    if (kind === BYTES) return Buffer.from(this.#take(size));
    if (kind === TEXT) return this.#take(size).toString('utf8');
    if (kind === TAG) return new Tagged(size, this.value(depth + 1));
    // Each part has a byte at least: no length makes more room than there are bytes.
    if (kind !== SIMPLE && size > this.#bytes.length) throw new CborError('longer than its bytes');
    if (kind === ARRAY) return Array.from({ length: size }, () => this.value(depth + 1));
    if (kind === MAP) return this.#map(size, depth + 1);
    if (short === FALSE || short === TRUE) return short === TRUE;
    if (short === NULL) return null;
    throw new CborError(`type ${kind}, ${short} is not supported`);
  }

  #map(size: number, depth: number): Map<number | string, Cbor> {
    const map = new Map<number | string, Cbor>();
    for (let i = 0; i < size; i++) {
      const key = this.value(depth);
      if (typeof key !== 'string' && typeof key !== 'number') throw new CborError('a key is neither text nor a number');
      map.set(key, this.value(depth));
    }
    return map;
  }

  #number(short: number): number {
    if (short === 24) return this.#take(1)[0]!;
    if (short === 25) return this.#take(2).readUInt16BE();
    if (short === 26) return this.#take(4).readUInt32BE();
    const value = short === 27 ? Number(this.#take(8).readBigUInt64BE()) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw new CborError('a length or number is not supported');
    return value;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new CborError('ends too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
