import { readSheet } from '../../delivery/csv.ts';

/** The rows of a CSV by its line of names. Throws as `readSheet` does. */
export function readCsv(text: string): Record<string, string>[] {
  return readSheet(new TextEncoder().encode(text)).rows.map(({ cells }) => cells);
}
