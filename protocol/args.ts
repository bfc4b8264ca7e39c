import type { z } from 'zod';
import type { Command } from './commands/define.ts';
import { type Args, type CommandName, commandNames, commandOf, isCommandName } from './commands/index.ts';
import { show } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { issueText, kindsOf } from './issue-text.ts';
import { didYouMean } from './suggestion.ts';

type Issue = z.core.$ZodIssue;

/**
 * Checks a command's arguments and fills in defaults. Throws `unknown_command`, or `bad_args` whose path names the
 * argument.
 */
export function parseArgs<N extends CommandName>(cmd: N, args: unknown, id?: string): Args<N>;
export function parseArgs(cmd: string, args: unknown, id?: string): Args<CommandName>;
export function parseArgs(cmd: string, args: unknown, id?: string): Args<CommandName> {
  if (!isCommandName(cmd)) throw unknownCommand(cmd, commandNames, id);
  return checkArgs(commandOf(cmd), args, id) as Args<CommandName>;
}

/** The refusal of a command that is not among those. */
export function unknownCommand(cmd: string, among: Iterable<string>, id?: string): ProtocolError {
  const near = didYouMean(cmd, among) || '; PROTOCOL.md lists all commands';
  return new ProtocolError('unknown_command', `${show(cmd)}: unknown command${near}`, { id });
}

/** The same for one declaration, whichever table it stands in. */
export function checkArgs(command: Command, args: unknown, id?: string): Record<string, unknown> {
  const result = command.args.safeParse(args);
  if (result.success) return result.data;
  const { path, message } = explain(result.error.issues, { args, names: Object.keys(command.args.shape) });
  throw new ProtocolError('bad_args', `${path}: ${message}`, { path, id });
}

/** Checks an event's data against its declaration, for tests and clients; returns what is wrong or null. */
export function checkEvent(cmd: CommandName, event: string, data: unknown): string | null {
  const events: Record<string, z.ZodObject> = commandOf(cmd).events;
  const schema = Object.hasOwn(events, event) ? events[event] : undefined;
  if (schema === undefined) return `${cmd} has no event ${show(event)}`;
  const result = schema.safeParse(data);
  if (result.success) return null;
  const { path, message } = explain(result.error.issues, { data });
  return `${path}: ${message}`;
}

/** What was checked, under the name that paths begin with, and the names it may have. */
type Checked = { args: unknown; names: readonly string[] } | { data: unknown };

/** One issue as a path and a sentence; of a union, the branch that got furthest. */
function explain(issues: readonly Issue[], checked: Checked): { path: string; message: string } {
  const [root, given] = 'args' in checked ? ['args', checked.args] : ['data', checked.data];
  const issue = firstOf(issues, given);
  if (issue === undefined) return { path: root, message: 'not valid' };
  const path = pathText(root, issue.path);
  const value = valueAt(given, issue.path);
  const missing = value === undefined && issue.path.length > 0 ? 'missing; ' : '';
  if (issue.code === 'invalid_union') {
    const branch = bestBranch(issue.errors as Issue[][]);
    if (branch !== undefined) return explain(prefix(branch, issue.path), checked);
    return { path, message: `${missing}expected ${kindsOf(issue.errors as Issue[][])}` };
  }
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? '';
    const near = issue.path.length === 0 && 'args' in checked ? didYouMean(name, checked.names) : '';
    return { path: pathText(root, [...issue.path, name]), message: `unknown argument${near}` };
  }
  return { path, message: `${missing}${issueText(issue, value)}` };
}

/** The first; but of one that is missing and one that is unknown the latter, since it may be the former, misspelt. */
function firstOf(issues: readonly Issue[], given: unknown): Issue | undefined {
  const [first] = issues;
  if (first === undefined || valueAt(given, first.path) !== undefined) return first;
  return issues.find(({ code, path }) => code === 'unrecognized_keys' && path.length < first.path.length) ?? first;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let at = given;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
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

function prefix(issues: Issue[], path: readonly PropertyKey[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }) as Issue);
}

function pathText(root: string, path: readonly PropertyKey[]): string {
  return [root, ...path.map((part) => String(part).slice(0, 40))].join('.');
}
