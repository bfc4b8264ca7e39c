import { z } from 'zod';
import { isBin } from '../commands/define.ts';

/** The part of JSON Schema that our declarations use. */
export interface Schema {
  type?: string | string[];
  anyOf?: Schema[];
  enum?: (string | number)[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  default?: unknown;
  description?: string;
  unit?: string;
  fallback?: string;
  bytes?: boolean;
}

export interface FieldRow {
  name: string;
  type: string;
  /** What it is default; empty for what must be there. */
  otherwise: string;
  meaning: string;
}

/** One row per field, those of nested maps and lists included. */
export function fieldRows(object: z.ZodObject, io: 'input' | 'output'): FieldRow[] {
  return rowsOf(schemaOf(object, io), '');
}

/** A declaration as JSON Schema, with `bytes` where bytes are. */
export function schemaOf(object: z.ZodObject, io: 'input' | 'output'): Schema {
  return z.toJSONSchema(object, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (isBin(zodSchema)) (jsonSchema as Schema).bytes = true;
    },
  }) as Schema;
}

function rowsOf(schema: Schema, prefix: string): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const row = { ...fieldRow(schema, key, field), name };
    const inner = field.type === 'array' ? rowsOf(field.items ?? {}, `${name}[].`) : rowsOf(field, `${name}.`);
    return [row, ...inner];
  });
}

/** What is said of one field of a map. */
export function fieldRow(parent: Schema, key: string, field: Schema): FieldRow {
  return { name: key, type: typeText(field), otherwise: otherwise(parent, key, field), meaning: meaningOf(field) };
}

function otherwise(parent: Schema, key: string, { default: value, fallback }: Schema): string {
  if (fallback !== undefined) return fallback;
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  return parent.required?.includes(key) ? '' : 'absent';
}

function meaningOf({ description, unit, items }: Schema): string {
  return [description ?? items?.description ?? '', unit === undefined ? '' : `(${unit})`]
    .filter((text) => text !== '')
    .join(' ');
}

/** A type and its range for people. */
function typeText(schema: Schema): string {
  if (schema.bytes === true) return 'bytes';
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeText({ ...schema, type })).join(' or ');
  switch (schema.type) {
    case 'string':
      return stringText(schema);
    case 'integer':
      return `integer${rangeText(schema)}`;
    case 'number':
      return `number${rangeText(schema)}`;
    case 'array':
      return `list of ${typeText(schema.items ?? {})}`;
    case 'object':
      return typeof schema.additionalProperties === 'object' && schema.additionalProperties.type !== undefined
        ? `map of text to ${typeText(schema.additionalProperties)}`
        : 'map';
    default:
      return schema.type ?? 'anything';
  }
}

function stringText({ pattern, minLength = 0, maxLength }: Schema): string {
  if (pattern !== undefined && /^\^(\[0-9\]|\\d)/.test(pattern)) return 'decimal text';
  return maxLength === undefined ? 'text' : `text, ${minLength} to ${maxLength} characters`;
}

function rangeText({ minimum = -Infinity, maximum = Infinity, exclusiveMinimum }: Schema): string {
  const low = exclusiveMinimum === undefined ? bound('from', minimum) : ` above ${exclusiveMinimum}`;
  return `${low}${bound('to', maximum)}`;
}

/** The bounds of exact integers are no range worth telling. */
function bound(word: string, value: number): string {
  return Math.abs(value) >= Number.MAX_SAFE_INTEGER ? '' : ` ${word} ${value}`;
}
