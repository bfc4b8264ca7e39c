import { ProtocolError } from '../errors.ts';

export interface ScanBounds {
  depth: number;
  /** Entries of one array or map. */
  entries: number;
}

/**
 * Walks msgpack without building it. The decoder allocates arrays as large as their headers claim and nests without
 * limit, so a frame of array headers would cost gigabytes; after this walk every claim is covered by bytes that are
 * there. Throws `malformed` for truncated or trailing bytes, extension types, depth and size.
 */
export function scan(bytes: Uint8Array, bounds: ScanBounds): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Values still to read at each level that is open.
  const open: number[] = [1];
  let at = 0;

  const take = (count: number) => {
    if (count > bytes.byteLength - at)
      throw new ProtocolError('malformed', 'msgpack ends too early; expected one whole map');
    const start = at;
    at += count;
    return start;
  };
  const enter = (entries: number, valuesPerEntry: number) => {
    if (entries > bounds.entries)
      throw new ProtocolError(
        'malformed',
        `more than ${bounds.entries} entries in one array or map; send fewer in each`,
      );
    const values = entries * valuesPerEntry;
    if (values > bytes.byteLength - at)
      throw new ProtocolError('malformed', 'msgpack ends too early; expected one whole map');
    if (open.length > bounds.depth) throw new ProtocolError('malformed', `nested deeper than ${bounds.depth}`);
    open.push(values);
  };

  while (open.length > 0) {
    const left = open[open.length - 1] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const head = view.getUint8(take(1));
    if (head <= 0x7f || head >= 0xe0) continue;
    if (head <= 0x8f) enter(head & 0x0f, 2);
    else if (head <= 0x9f) enter(head & 0x0f, 1);
    else if (head <= 0xbf) take(head & 0x1f);
    else skip(head, view, take, enter);
  }
  if (at !== bytes.byteLength)
    throw new ProtocolError(
      'malformed',
      `${bytes.byteLength - at} bytes follow the message; send one message per frame`,
    );
}

/** One value whose head byte is 0xc0..0xdf. */
function skip(
  head: number,
  view: DataView,
  take: (count: number) => number,
  enter: (entries: number, values: number) => void,
): void {
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return;
    case 0xc4: // bin 8
    case 0xd9: // str 8
      take(view.getUint8(take(1)));
      return;
    case 0xc5: // bin 16
    case 0xda: // str 16
      take(view.getUint16(take(2)));
      return;
    case 0xc6: // bin 32
    case 0xdb: // str 32
      take(view.getUint32(take(4)));
      return;
    case 0xcc: // uint 8
    case 0xd0: // int 8
      take(1);
      return;
    case 0xcd: // uint 16
    case 0xd1: // int 16
      take(2);
      return;
    case 0xca: // float 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      take(4);
      return;
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      take(8);
      return;
    case 0xdc:
      enter(view.getUint16(take(2)), 1);
      return;
    case 0xdd:
      enter(view.getUint32(take(4)), 1);
      return;
    case 0xde:
      enter(view.getUint16(take(2)), 2);
      return;
    case 0xdf:
      enter(view.getUint32(take(4)), 2);
      return;
    default:
      throw new ProtocolError(
        'malformed',
        'msgpack extension types are not supported; use maps, arrays, strings, numbers, booleans, nil and bin',
      );
  }
}
