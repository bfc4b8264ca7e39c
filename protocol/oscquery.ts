import { z } from 'zod';
import type { Command } from './commands/define.ts';
import { commandNames, commandOf } from './commands/index.ts';
import { limits } from './limits.ts';

/** OSCQuery: https://github.com/Vidvox/OSCQueryProposal, "the proposal" below. */

/** What the proposal's ACCESS says of a value: none, to be read, to be sent, both. */
export const access = { none: 0, read: 1, write: 2, both: 3 } as const;

export interface OscRange {
  MIN?: number;
  MAX?: number;
  VALS?: readonly (string | number)[];
}

/** Of one message that a method takes; the arrays have an item for each type tag. */
export interface OscSignature {
  TYPE: string;
  /** What each argument is. */
  EXTENDED_TYPE?: readonly string[];
  RANGE?: readonly (OscRange | null)[];
  UNIT?: readonly (string | null)[];
}

/** An argument that may follow the ordered ones as a name and a value. */
export interface OscPair {
  NAME: string;
  TYPE: string;
  DESCRIPTION?: string;
  RANGE?: OscRange;
  UNIT?: string;
  DEFAULT?: unknown;
}

/** An address that can be sent to, or listened to, or both. */
export interface OscMethod extends Partial<OscSignature> {
  FULL_PATH: string;
  ACCESS: (typeof access)[keyof typeof access];
  DESCRIPTION: string;
  VALUE?: readonly (string | number)[];
  /** Shorter forms of the message. */
  OVERLOADS?: readonly OscSignature[];
  /** Our own, as the proposal allows: it has no word for arguments by name. */
  PAIRS?: readonly OscPair[];
}

/** A node of the address space: a method, a container, or both. */
export interface OscNode extends Omit<OscMethod, 'DESCRIPTION'> {
  DESCRIPTION?: string;
  CONTENTS?: Readonly<Record<string, OscNode>>;
}

const optionalAttributes = {
  ACCESS: true,
  VALUE: true,
  RANGE: true,
  DESCRIPTION: true,
  EXTENDED_TYPE: true,
  UNIT: true,
  OVERLOADS: true,
  TAGS: false,
  CRITICAL: false,
  CLIPMODE: false,
  HTML: false,
};

/** The proposal's optional attributes and commands, and whether there are any here. */
export const extensions = {
  ...optionalAttributes,
  LISTEN: true,
  PATH_CHANGED: true,
  PATH_ADDED: true,
  PATH_REMOVED: true,
  PATH_RENAMED: false,
};

/** Attributes that a query may ask for; `false` for those of the proposal that no node has. */
export const attributes: ReadonlyMap<string, boolean> = new Map(
  Object.entries({
    FULL_PATH: true,
    CONTENTS: true,
    TYPE: true,
    PAIRS: true,
    ...optionalAttributes,
  }),
);

const int32Max = 2_147_483_647;

/** Names of the proposal's units.md. */
const units: Readonly<Record<string, string>> = {
  s: 'time.second',
  ms: 'time.ms',
  Hz: 'time.hz',
  dB: 'gain.db',
  frames: 'time.samples',
};

/** The part of JSON Schema that tells how an argument travels in OSC. */
interface Schema {
  type?: string;
  anyOf?: Schema[];
  enum?: (string | number)[];
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  default?: unknown;
  description?: string;
  unit?: string;
}

interface Argument {
  tag: string;
  range: OscRange | null;
  unit: string | null;
}

type CommandMethod = { role: Command['role']; method: OscMethod };
let known: readonly CommandMethod[] | null = null;

/** The methods of the commands that have an address; worked out when they are first asked for. */
export function commandMethods(): readonly CommandMethod[] {
  known ??= commandNames
    .map(commandOf)
    .flatMap((command) => (command.osc === null ? [] : [{ role: command.role, method: methodOf(command) }]));
  return known;
}

/** A command's form as OSCQuery tells it. The whole ordered form is the method, what may be left out are overloads. */
function methodOf({ args, doc, osc }: Command): OscMethod {
  if (osc === null) throw new TypeError('this command has no OSC form');
  const schema = z.toJSONSchema(args, { io: 'input', unrepresentable: 'any' }) as Schema;
  const own = osc.id === 'own' ? ['id'] : [];
  const names = [...own, ...osc.args];
  const all = names.map((name, i) => {
    if (i < own.length) return { tag: 's', range: null, unit: null };
    return argumentOf(schema.properties?.[name] ?? {}, osc.words?.[name] !== undefined) ?? unknown;
  });
  // An id cannot be left out, nor what it names.
  const needed = names.findLastIndex((name, i) => i < own.length || schema.required?.includes(name)) + 1;
  const signature = (count: number): OscSignature => signatureOf(names.slice(0, count), all.slice(0, count));
  const shorter = Array.from({ length: names.length - needed }, (_, i) => signature(names.length - 1 - i));
  const pairs = osc.pairs ? pairsOf(schema, [...osc.args, ...Object.keys(osc.fixed)], osc.words ?? {}) : [];
  return {
    FULL_PATH: osc.address,
    ACCESS: access.write,
    DESCRIPTION: doc,
    ...signature(names.length),
    ...(shorter.length === 0 ? {} : { OVERLOADS: shorter }),
    ...(pairs.length === 0 ? {} : { PAIRS: pairs }),
  };
}

const unknown: Argument = { tag: 's', range: null, unit: null };

function signatureOf(names: readonly string[], args: readonly Argument[]): OscSignature {
  // `N` is the proposal's type of a message that carries nothing.
  if (args.length === 0) return { TYPE: 'N' };
  return {
    TYPE: args.map(({ tag }) => tag).join(''),
    EXTENDED_TYPE: names,
    ...(args.some(({ range }) => range !== null) ? { RANGE: args.map(({ range }) => range) } : {}),
    ...(args.some(({ unit }) => unit !== null) ? { UNIT: args.map(({ unit }) => unit) } : {}),
  };
}

function pairsOf({ properties = {} }: Schema, taken: readonly string[], words: object): OscPair[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const arg = taken.includes(name) ? null : argumentOf(schema, Object.hasOwn(words, name));
    if (arg === null) return [];
    return [
      {
        NAME: name,
        TYPE: arg.tag,
        ...(schema.description === undefined ? {} : { DESCRIPTION: schema.description }),
        ...(arg.range === null ? {} : { RANGE: arg.range }),
        ...(arg.unit === null ? {} : { UNIT: arg.unit }),
        ...(schema.default === undefined ? {} : { DEFAULT: schema.default }),
      },
    ];
  });
}

/** How an argument is sent; null for lists and maps, which OSC cannot carry. One that is a union is sent as its first. */
function argumentOf(schema: Schema, isWord: boolean): Argument | null {
  const unit = schema.unit === undefined ? null : (units[schema.unit] ?? schema.unit);
  if (isWord) return { tag: 's', range: null, unit };
  if (schema.anyOf !== undefined) {
    const first = schema.anyOf.map((branch) => argumentOf({ ...branch }, false)).find((arg) => arg !== null);
    return first === undefined ? null : { ...first, unit };
  }
  if (schema.enum !== undefined)
    return { tag: typeof schema.enum[0] === 'number' ? 'i' : 's', range: { VALS: schema.enum }, unit };
  switch (schema.type) {
    case 'boolean':
      return { tag: 'T', range: null, unit };
    case 'integer':
      return { tag: 'i', range: rangeOf(schema, int32Max), unit };
    case 'number':
      return { tag: 'f', range: rangeOf(schema, Number.MAX_VALUE), unit };
    case 'string':
      return { tag: 's', range: null, unit };
    default:
      return null;
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema, most: number): OscRange | null {
  const min = minimum ?? exclusiveMinimum;
  const range = {
    // zod gives exact integers the bounds of what a double holds.
    ...(min === undefined || min <= Number.MIN_SAFE_INTEGER ? {} : { MIN: min }),
    ...(maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? {} : { MAX: Math.min(maximum, most) }),
  };
  return Object.keys(range).length === 0 ? null : range;
}

interface Branch {
  method: OscMethod | null;
  contents: Map<string, Branch>;
}

/** The address space that these methods make. Of two with one address the later counts. */
export function treeOf(methods: Iterable<OscMethod>): OscNode {
  const root: Branch = { method: null, contents: new Map() };
  for (const method of methods) {
    let at = root;
    for (const part of method.FULL_PATH.split('/').slice(1)) {
      const next: Branch = at.contents.get(part) ?? { method: null, contents: new Map() };
      at.contents.set(part, next);
      at = next;
    }
    at.method = method;
  }
  return nodeOf(root, '');
}

function nodeOf({ method, contents }: Branch, path: string): OscNode {
  const node: OscNode = method ?? { FULL_PATH: path === '' ? '/' : path, ACCESS: access.none };
  if (contents.size === 0) return node;
  // fromEntries defines its keys, so that an address with `__proto__` in it is one like any other.
  const inner = Object.fromEntries([...contents].map(([part, branch]) => [part, nodeOf(branch, `${path}/${part}`)]));
  return { ...node, CONTENTS: inner };
}

/** The node of a path below `root`, with or without a slash at its end; null where there is none. */
export function nodeAt(root: OscNode, path: string): OscNode | null {
  const find = (parts: readonly string[]): OscNode | null => {
    let node = root;
    for (const part of parts) {
      const next = node.CONTENTS !== undefined && Object.hasOwn(node.CONTENTS, part) ? node.CONTENTS[part] : undefined;
      if (next === undefined) return null;
      node = next;
    }
    return node;
  };
  const parts = path.split('/').slice(1);
  return find(parts) ?? (parts.at(-1) === '' ? find(parts.slice(0, -1)) : null);
}

/** What a WebSocket client says in text. */
export interface OscQueryCommand {
  COMMAND: 'LISTEN' | 'IGNORE';
  DATA: string;
}

/** Longest text frame that can be a command: an address and its wrapping. */
export const oscQueryChars = limits.nameChars * 4;
