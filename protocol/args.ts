import type { z } from 'zod';
import type { Command } from './commands/define.ts';
import { type Args, type CommandName, commandOf, isCommandName } from './commands/index.ts';
import { show } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { issueText } from './issue-text.ts';

type Issue = z.core.$ZodIssue;

/**
 * Checks a command's arguments and fills in defaults. Throws `unknown_command`, or `bad_args` whose path names the
 * argument.
 */
export function parseArgs<N extends CommandName>(cmd: N, args: unknown, id?: string): Args<N>;
export function parseArgs(cmd: string, args: unknown, id?: string): Args<CommandName>;
export function parseArgs(cmd: string, args: unknown, id?: string): Args<CommandName> {
  if (!isCommandName(cmd)) throw new ProtocolError('unknown_command', `${show(cmd)}: unknown command`, { id });
  return checkArgs(commandOf(cmd), args, id) as Args<CommandName>;
}

/** The same for one declaration, whichever table it stands in. */
export function checkArgs(command: Command, args: unknown, id?: string): Record<string, unknown> {
  const result = command.args.safeParse(args);
  if (result.success) return result.data;
  const { path, message } = explain(result.error.issues);
  throw new ProtocolError('bad_args', `${path}: ${message}`, { path, id });
}

/** Checks an event's data against its declaration, for tests and clients; returns what is wrong or null. */
export function checkEvent(cmd: CommandName, event: string, data: unknown): string | null {
  const events: Record<string, z.ZodObject> = commandOf(cmd).events;
  const schema = Object.hasOwn(events, event) ? events[event] : undefined;
  if (schema === undefined) return `${cmd} has no event ${show(event)}`;
  const result = schema.safeParse(data);
  if (result.success) return null;
  const { path, message } = explain(result.error.issues, 'data');
  return `${path}: ${message}`;
}

/** The first issue as a path and a sentence; of a union, the branch that got furthest. */
function explain(issues: readonly Issue[], root = 'args'): { path: string; message: string } {
  const issue = issues[0];
  if (issue === undefined) return { path: root, message: 'not valid' };
  if (issue.code === 'invalid_union') {
    const branch = bestBranch(issue.errors as Issue[][]);
    if (branch !== undefined) return explain(prefix(branch, issue.path), root);
    return { path: pathText(root, issue.path), message: `expected ${kindsOf(issue.errors as Issue[][])}` };
  }
  if (issue.code === 'unrecognized_keys') {
    return { path: pathText(root, [...issue.path, issue.keys[0] ?? '']), message: 'unknown argument' };
  }
  return { path: pathText(root, issue.path), message: issueText(issue) };
}

/** Prefers a branch that accepted the type and disliked the value; a deeper path means it got further. */
function bestBranch(branches: Issue[][]): Issue[] | undefined {
  const score = (branch: Issue[]) => {
    const first = branch[0];
    if (first === undefined) return -1;
    return first.path.length * 2 + (first.code === 'invalid_type' && first.path.length === 0 ? 0 : 1);
  };
  const best = branches.reduce<Issue[] | undefined>(
    (a, b) => (a === undefined || score(b) > score(a) ? b : a),
    undefined,
  );
  return best !== undefined && score(best) > 0 ? best : undefined;
}

/** What the branches of a union would have taken: `text or a number`. */
function kindsOf(branches: Issue[][]): string {
  const kinds = branches.flatMap(([first]) => (first?.code === 'invalid_type' ? [KINDS[first.expected] ?? ''] : []));
  const known = [...new Set(kinds)].filter((kind) => kind !== '');
  return known.length === 0 ? 'a value of another type' : known.join(' or ');
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function prefix(issues: Issue[], path: readonly PropertyKey[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }) as Issue);
}

function pathText(root: string, path: readonly PropertyKey[]): string {
  return [root, ...path.map((part) => String(part).slice(0, 40))].join('.');
}
