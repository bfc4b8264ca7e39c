import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with one value, as a sentence without its subject. */
export function issueText(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received NaN')) return 'expected a number';
  return boundOf(issue) ?? lower(issue.message);
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
