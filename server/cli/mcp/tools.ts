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
