import { z } from 'zod';
import { madeFixed } from '../../../protocol/commands/making.ts';
import { type CommandName, commandNames, commandOf, type Role } from '../../../protocol/index.ts';

/** JSON Schema of an object. */
export interface ObjectSchema {
  [key: string]: unknown;
  type: 'object';
  properties: Record<string, object>;
  required?: string[];
}

/** A command as a tool of the Model Context Protocol. */
export interface Tool {
  readonly command: CommandName;
  /** Of letters and `_`: hosts refuse a dot. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly annotations: { readOnlyHint: boolean; destructiveHint: boolean };
  /** Arguments that are always set: sound is saved and not sent in pieces. */
  readonly fixed: Readonly<Record<string, unknown>>;
}

/** What the Model Context Protocol has of its own, and measurements of a connection that it does not have. */
const LEFT_OUT: ReadonlySet<CommandName> = new Set(['foley.attach', 'foley.cancel', 'server.ping', 'server.clock']);

/** What most conversations need: a host reads every tool that it is offered into its model's context. */
const USUAL: ReadonlySet<CommandName> = new Set([
  ...(['foley.generate', 'foley.vary', 'foley.spot'] as const),
  ...(['clip.list', 'clip.get', 'clip.rename', 'clip.star', 'clip.delete', 'clip.export'] as const),
  ...(['voice.list', 'voice.info', 'job.list', 'job.cancel'] as const),
  ...(['dataset.add', 'dataset.list', 'admin.retrain', 'admin.jobs', 'admin.activate', 'admin.rollback'] as const),
]);

/** The names that `wanted` may have beside those of tools and of commands. */
export const SELECTIONS = ['usual', 'all'] as const;

/**
 * The tools that were asked for, in their own order.
 * @param wanted names of tools or commands, where * is any text, or of a selection; separated by commas
 * @throws RangeError which names what is none
 */
export function selectTools(tools: readonly Tool[], wanted: string): Tool[] {
  const tests = wanted.split(',').map((part) => {
    const name = part.trim();
    const test = testOf(name);
    if (!tools.some(test)) throw new RangeError(`no tool is called "${name}"`);
    return test;
  });
  return tools.filter((tool) => tests.some((test) => test(tool)));
}

function testOf(name: string): (tool: Tool) => boolean {
  if (name === 'all') return () => true;
  if (name === 'usual') return ({ command }) => USUAL.has(command);
  const [first = '', ...rest] = name.replaceAll('.', '_').split('*');
  // Without a regular expression: what is typed is compared, part by part.
  return ({ name: of }) => {
    if (rest.length === 0) return of === first;
    let at = of.startsWith(first) ? first.length : -1;
    for (const [i, part] of rest.entries()) {
      if (at < 0) return false;
      const found = i === rest.length - 1 ? of.length - part.length : of.indexOf(part, at);
      at = found >= at && of.startsWith(part, found) ? found + part.length : -1;
    }
    return at === of.length;
  };
}

/** The commands that a role may send and that one answer ends. Without files: those do not fit into a conversation. */
export function toolsFor(role: Role): Tool[] {
  return commandNames
    .filter((name) => !LEFT_OUT.has(name))
    .filter((name) => commandOf(name).http && commandOf(name).file === null)
    .filter((name) => role === 'admin' || commandOf(name).role === 'play')
    .flatMap((name) => toolOf(name) ?? []);
}

/** Null where it needs bytes. */
function toolOf(name: CommandName): Tool | null {
  const { args, doc } = commandOf(name);
  // As over OSC.
  const fixed = Object.fromEntries(Object.entries(madeFixed).filter(([field]) => field in args.shape));
  const schema = z.toJSONSchema(args, { io: 'input', unrepresentable: 'any' }) as unknown as ObjectSchema;
  const bytes = Object.keys(schema.properties).filter((field) => holdsBytes(schema.properties[field]));
  if (schema.required?.some((field) => bytes.includes(field))) return null;
  const isTaken = (field: string): boolean => !(field in fixed) && !bytes.includes(field);
  return {
    command: name,
    name: name.replaceAll('.', '_'),
    description: doc,
    inputSchema: {
      ...schema,
      properties: Object.fromEntries(Object.entries(schema.properties).filter(([field]) => isTaken(field))),
      ...(schema.required === undefined ? {} : { required: schema.required.filter(isTaken) }),
    },
    annotations: {
      readOnlyHint: /\.(list|info|get|scores|jobs)$/.test(name),
      destructiveHint: /\.(delete|remove|empty)$/.test(name),
    },
    fixed,
  };
}

/** Whether a field is bytes as base64, anywhere within. */
function holdsBytes(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(
    ([key, value]) => (key === 'contentEncoding' && value === 'base64') || holdsBytes(value),
  );
}
