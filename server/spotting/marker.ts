/** A marker of a sheet or an edit list, with its line in it. */
export interface Marker {
  line: number;
  /** The column of each field that has one, for what is said about it. */
  columns: Partial<Record<MarkerField, string>>;
  /** Seconds. */
  at: number;
  /** Seconds; none of a marker without an end. */
  length?: number;
  /** What names the sound. */
  text: string;
  /** Whether `text` is of a column for classes: else it describes the sound as well. */
  isClass: boolean;
  /** Further columns that name an argument, as text. */
  more: Partial<Record<MoreField, string>>;
}

export const moreFields = [
  ...(['alternates', 'seed', 'candidates', 'guidance', 'density', 'voice', 'avoid', 'envelope'] as const),
  ...(['catId', 'fxName', 'userData', 'take'] as const),
];
export type MoreField = (typeof moreFields)[number];
export type MarkerField = 'at' | 'end' | 'length' | 'text' | MoreField;

/** What is wrong with a cell. */
export function atCell(line: number, column: string | undefined, message: string): Error {
  return new Error(`line ${line}${column === undefined ? '' : `, column ${brief(column)}`}: ${message}`);
}

/** A name of a sheet as far as a message shows it. */
export function brief(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}...` : name;
}

/** `read`, with the place before what it throws. */
export function inCell<T>(line: number, column: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw atCell(line, column, (error as Error).message);
  }
}

/** The length from a beginning to an end. */
export function lengthUntil(at: number, end: number): number {
  if (end <= at) throw new Error(`it ends at ${round(end)} s, not after its beginning at ${round(at)} s`);
  return end - at;
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
