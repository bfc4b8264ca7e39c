/** Lists of numbers in one word, as a command line, a cell of a sheet or an OSC string gives them: `0.2,0.9` or `0:-60,0.5:-9`. */

const NUMBER = /^-?([0-9]+(\.[0-9]+)?|\.[0-9]+)$/;

/** What stands between commas, semicolons or spaces. */
export const entriesOf = (text: string): string[] => text.trim().split(/[\s,;]+/);

/** The number, or the text as it is where it is none. */
export const numberFrom = (text: string): number | string => (NUMBER.test(text) ? Number(text) : text);

/** `0.5:-9` under two names; what has no second number, or a third, keeps its text for the schema to refuse. */
export function pairFrom(text: string, [first, second]: readonly [string, string]): Record<string, number | string> {
  const at = text.indexOf(':');
  if (at < 0) return { [first]: numberFrom(text) };
  return { [first]: numberFrom(text.slice(0, at)), [second]: numberFrom(text.slice(at + 1)) };
}
