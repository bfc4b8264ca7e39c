/**
 * What the lines of a log that is only appended to say, oldest first. `read` gives what a line means, or nothing; lines
 * that are no JSON, or that it throws for, are left out. `isTorn`: a crash cut the last one short, and the next must
 * begin on a new one.
 */
export function readJsonLines<T>(text: string, read: (value: unknown) => T[]): { values: T[]; isTorn: boolean } {
  const values = text.split('\n').flatMap((line) => {
    try {
      return read(JSON.parse(line));
    } catch {
      return [];
    }
  });
  return { values, isTorn: text !== '' && !text.endsWith('\n') };
}
