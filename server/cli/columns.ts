import { printable } from '../../protocol/index.ts';

/** A figure of a table; `-` where there is none. */
export const figure = (value: number | null, digits = 1): string => (value === null ? '-' : value.toFixed(digits));

/** Rows of equally many cells, as lines. */
export function columns(given: string[][]): string {
  const rows = given.map((row) => row.map(printable));
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
