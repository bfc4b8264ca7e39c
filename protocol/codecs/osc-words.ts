import type { z } from 'zod';
import type { OscArg } from './osc-packet.ts';

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

type Kind = 'boolean' | 'number' | 'string' | 'other';

/** Whole numbers beyond this are not all float32s: 16777217 arrives as 16777216. */
export const FLOAT_EXACT = 2 ** 24;

/** A plain value for an OSC argument; undefined for types that mean nothing here (blobs, MIDI, colours, arrays ...). */
export function plainValue(arg: OscArg): string | number | boolean | null | undefined {
  switch (arg.type) {
    case 'string':
    case 'symbol':
    case 'character':
      return arg.value;
    case 'integer':
    case 'double':
      return arg.value;
    case 'float':
      return shortFloat(arg.value);
    case 'bigint': {
      const number = Number(arg.value);
      return Number.isSafeInteger(number) ? number : String(arg.value);
    }
    case 'true':
    case 'false':
    case 'null':
      return arg.value;
    default:
      return undefined;
  }
}

/** Text that reads as a number as that number, NaN and infinite ones included; everything else as it is. */
export function numberOf<T>(value: T): T | number {
  if (typeof value !== 'string') return value;
  if (/^[+-]?(nan|inf(inity)?)$/i.test(value)) return Number.NaN;
  return DECIMAL.test(value) ? Number(value) : value;
}

/**
 * The shortest decimal that is this float32. A patch that sends 0.9 means 0.9, not 0.8999999761581421, and must get
 * the clip that a JSON client gets for 0.9.
 */
export function shortFloat(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** What patches send for an argument, as the argument's own type where that is plain; the schema judges the rest. */
export function coerce(value: string | number | boolean, schema: z.core.$ZodType): unknown {
  switch (kindOf(schema)) {
    case 'boolean': {
      return truthOf(value);
    }
    case 'number':
      return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
    case 'string':
      return typeof value === 'number' ? String(value) : value;
    case 'other':
      return value;
  }
}

// Pd has no T and F and sends 0 and 1; Max sends symbols.
const truth = new Map<unknown, boolean>([
  [1, true],
  ['1', true],
  ['true', true],
  ['on', true],
  [0, false],
  ['0', false],
  ['false', false],
  ['off', false],
]);

/** What means yes or no as that; everything else as it is. */
export function truthOf<T>(value: T): T | boolean {
  return truth.get(typeof value === 'string' ? value.toLowerCase() : value) ?? value;
}

function kindOf(schema: z.core.$ZodType): Kind {
  const { def } = schema._zod as { def: { type: string; innerType?: z.core.$ZodType } };
  if (def.innerType !== undefined) return kindOf(def.innerType);
  return def.type === 'boolean' || def.type === 'number' || def.type === 'string' ? def.type : 'other';
}

/** Whether a call without this argument is refused. */
export function isRequired(schema: z.core.$ZodType): boolean {
  return schema._zod.optin === undefined;
}
