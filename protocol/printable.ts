/** Control characters, line separators, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Whether a text can be a name: it has none of these, so that it is shown everywhere as it was given. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0;
}

/**
 * Text for a terminal or a log: control characters are written as `\u001b`, as in JSON, so that the bytes of a file or
 * the words of a client can neither drive a terminal nor begin a line of their own.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for text whose lines are ours. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
