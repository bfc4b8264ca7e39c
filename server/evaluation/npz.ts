import { StatisticsError } from './fad.ts';

/** One array of a NumPy file. */
export interface NpyArray {
  shape: number[];
  data: Float32Array | Float64Array;
}

/** Files of statistics or embeddings are far smaller; larger files are refused. */
const MAX_BYTES = 512 * 2 ** 20;
const MAX_ARRAYS = 4096;

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/**
 * Reads the arrays of a .npz that NumPy's `savez` wrote: a ZIP without compression (APPNOTE 4.3), an .npy in each entry (NEP 1).
 * Reads float32, float64 and integers that a double can hold. Throws StatisticsError for anything else, as for object
 * arrays, which only pickle can read. Never reads outside `bytes`.
 */
export function readNpz(bytes: Uint8Array): Map<string, NpyArray> {
  try {
    return entries(bytes);
  } catch (error) {
    if (error instanceof StatisticsError) throw error;
    throw new StatisticsError(`not an .npz file: ${(error as Error).message}`, { cause: error });
  }
}

function entries(bytes: Uint8Array): Map<string, NpyArray> {
  if (bytes.length > MAX_BYTES) throw new StatisticsError('the file is too large');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = directoryEnd(view);
  const found = new Map<string, NpyArray>();
  let at = view.getUint32(end + 16, true);
  const all = view.getUint16(end + 10, true);
  if (all > MAX_ARRAYS) throw new StatisticsError('the file has too many arrays');
  let total = 0;
  for (let i = 0; i < all; i++) {
    if (view.getUint32(at, true) !== CENTRAL) throw new StatisticsError('its directory is corrupt');
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)).replace(/\.npy$/, '');
    if (view.getUint16(at + 10, true) !== 0)
      throw new StatisticsError(`${name} is compressed: write it with savez, not savez_compressed`);
    const size = view.getUint32(at + 20, true);
    // Entries may point at the same bytes: without this check a small file could expand to thousands of large arrays.
    total += size;
    if (total > bytes.length) throw new StatisticsError('its arrays are larger than the file');
    found.set(name, npy(name, stored(bytes, view, view.getUint32(at + 42, true), size)));
    at += 46 + nameLength + extra + comment;
  }
  return found;
}

function directoryEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 66_000); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new StatisticsError('not an .npz file: it has no directory');
}

function stored(bytes: Uint8Array, view: DataView, at: number, size: number): Uint8Array {
  if (view.getUint32(at, true) !== LOCAL)
    throw new StatisticsError('an entry is not at the position that the directory states');
  const from = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (from + size > bytes.length) throw new StatisticsError('the file is truncated');
  return bytes.subarray(from, from + size);
}

const MAGIC = '\u0093NUMPY';

function npy(name: string, bytes: Uint8Array): NpyArray {
  const wrong = (why: string): StatisticsError => new StatisticsError(`${name}: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) throw wrong('this is not an .npy array');
  const wide = bytes[6]! >= 2;
  const from = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(from, from + length));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const text = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (type === undefined || order === undefined || text === undefined) throw wrong('its header cannot be read');
  const shape = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (order === 'True' && shape.length > 1) throw wrong('it is in Fortran order (column by column); expected C order');
  const items = shape.reduce((product, n) => product * n, 1);
  const data = numbers(type, bytes.subarray(from + length), items);
  if (data === null) throw wrong(`it holds ${type}, or fewer than its ${items} numbers`);
  return { shape, data };
}

function numbers(type: string, bytes: Uint8Array, items: number): Float32Array | Float64Array | null {
  const size = Number(type.slice(2));
  if (![1, 4, 8].includes(size) || !Number.isSafeInteger(items) || bytes.length < items * size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === '|i1') return Float32Array.from({ length: items }, (_, i) => view.getInt8(i));
  if (type === '|u1') return Float32Array.from({ length: items }, (_, i) => view.getUint8(i));
  if (type === '<f4') return Float32Array.from({ length: items }, (_, i) => view.getFloat32(4 * i, true));
  if (type === '<f8') return Float64Array.from({ length: items }, (_, i) => view.getFloat64(8 * i, true));
  if (type === '<i4') return Float64Array.from({ length: items }, (_, i) => view.getInt32(4 * i, true));
  if (type === '<i8') return Float64Array.from({ length: items }, (_, i) => Number(view.getBigInt64(8 * i, true)));
  return null;
}
