import type { z } from 'zod';
import { type Command, isSecret } from './commands/define.ts';

/** What an argument's name says about it, where nobody declared it. */
const SECRET = /token|secret|password|passphrase|authorization|api.?key/i;
const HIDDEN = '(secret)';
/** Of a text; longer ones are contents rather than names, the base64 of a file above all. */
const CHARS = 500;
/** Deeper than any request that is read. */
const DEPTH = 32;

/** Arguments as they may be written down: without what is declared secret or is named like one, and without contents. */
export function withoutSecrets({ args: schema }: Pick<Command, 'args'>, args: unknown): unknown {
  return cleaned(args, schema, DEPTH);
}

function cleaned(value: unknown, schema: z.core.$ZodType | undefined, depth: number): unknown {
  if (depth === 0) return '(deep)';
  if (schema !== undefined && isSecret(schema)) return value === undefined ? value : HIDDEN;
  if (typeof value === 'string' && value.length > CHARS) return `(${value.length} characters)`;
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  const inner = schema === undefined ? undefined : unwrapped(schema);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, elementOf(inner), depth - 1));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, one]) => {
    const field = fieldOf(inner, key);
    return [key, SECRET.test(key) ? HIDDEN : cleaned(one, field, depth - 1)] as const;
  });
  return Object.fromEntries(fields);
}

type Def = { innerType?: z.core.$ZodType; element?: z.core.$ZodType; shape?: Record<string, z.core.$ZodType> };

const defOf = (schema: z.core.$ZodType): Def => schema._zod.def as unknown as Def;

/** The schema behind `optional`, `default` and the like. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = defOf(schema);
  return innerType === undefined ? schema : unwrapped(innerType);
}

function elementOf(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema === undefined ? undefined : defOf(schema).element;
}

function fieldOf(schema: z.core.$ZodType | undefined, key: string): z.core.$ZodType | undefined {
  const shape = schema === undefined ? undefined : defOf(schema).shape;
  return shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : undefined;
}
