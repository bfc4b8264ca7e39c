import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with one value, as a sentence without its subject. `value` is what was given, where that is known. */
export function issueText(issue: Issue, value?: unknown): string {
  if (issue.code === 'invalid_type') {
    if (issue.message.endsWith('received NaN')) return 'expected a number';
    const kind = kindOf(issue.expected);
    const given = value === undefined ? null : kindOf(typeOf(value));
    if (kind !== null) return `expected ${kind}${given === null || given === kind ? '' : `, not ${given}`}`;
  }
  if (issue.code === 'invalid_value') return `expected ${listed(issue.values.map(String))}`;
  return boundOf(issue) ?? lower(issue.message);
}

/** What the branches of a union would have taken: `text or a number`. */
export function kindsOf(branches: readonly Issue[][]): string {
  const kinds = branches.map(([first]) => (first?.code === 'invalid_type' ? kindOf(first.expected) : null));
  const known = [...new Set(kinds)].filter((kind) => kind !== null);
  return known.length === 0 ? 'a value of another type' : listed(known);
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function kindOf(type: string): string | null {
  return Object.hasOwn(KINDS, type) ? KINDS[type]! : null;
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A bound in words; null where the schema has words of its own. */
function boundOf(issue: Issue): string | null {
  if ((issue.code !== 'too_small' && issue.code !== 'too_big') || !/^Too (small|big): /.test(issue.message))
    return null;
  const isLeast = issue.code === 'too_small';
  const bound = isLeast ? issue.minimum : issue.maximum;
  const edge = isLeast ? 'at least' : 'at most';
  if (issue.origin === 'string')
    return bound === 1 && isLeast ? 'expected text, not an empty one' : `expected ${edge} ${bound} characters`;
  if (issue.origin === 'array') return `expected ${edge} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (issue.inclusive === false) return `expected a number ${isLeast ? 'above' : 'below'} ${bound}`;
  return `expected a number of ${edge} ${bound}`;
}

function lower(text: string): string {
  return text.replace(/^(Invalid input: |Invalid string: )/, '').replace(/^[A-Z](?=[a-z ])/, (c) => c.toLowerCase());
}
