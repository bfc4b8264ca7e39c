/**
 * The recipe of a saved clip, as JSON beside its WAV (`<id>.json`): what made it, its codes (base64 of little-endian
 * uint16, raster order, piece after piece of a long one), which of them were given (base64, one bit per cell, the lowest first) and what a person said
 * of it.
 */
import { z } from 'zod';
import type { Shape } from '../audio/edit.ts';
import { recipeSchema } from '../audio/recipe.ts';
import type { ClipRecipe, Delivered, Lineage, Maker, Origin, StoredClip } from './clip.ts';

/** The largest grid a card may state, in base64, and room for the rest. */
export const MAX_SIDECAR_BYTES = 8 * 2 ** 20;
const MAX_CELLS = 1 << 20;

const seconds = z.number().min(0).max(86_400);
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);
const sidecarSchema = z.looseObject({
  format: z.literal('foleyd-clip'),
  version: z.literal(1),
  created: z.number().min(0).max(8.64e15),
  name: z.string().max(128),
  starred: z.boolean(),
  seconds,
  recipe: recipeSchema.nullable(),
  codes: base64.nullable(),
  given: base64.nullable(),
  seeds: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 32 - 1),
    )
    .max(1024)
    .nullable()
    .default(null),
  lineage: z
    .looseObject({
      how: z.enum(['varied', 'branched', 'extended']),
      from: z.string().max(64).nullable(),
      recording: z.boolean().optional(),
      row: z.int().min(0).optional(),
      amount: z.number().min(0).max(1).optional(),
      codebooks: z.int().min(0).optional(),
      rows: z.int().min(0).optional(),
      stretch: z.object({ from: seconds, to: seconds }).optional(),
    })
    .nullable(),
  shape: z
    .looseObject({
      trim: seconds.optional(),
      length: seconds.optional(),
      exact: z.boolean().optional(),
      reverse: z.boolean().optional(),
      fadeIn: seconds.optional(),
      fadeOut: seconds.optional(),
      gain: z.number().min(-200).max(200).optional(),
    })
    .nullable(),
  delivery: z
    .looseObject({
      file: z.string().max(2000),
      at: z.number().min(0).max(8.64e15),
      done: z.boolean(),
      sha256: z.string().optional(),
    })
    .nullable()
    .default(null),
  makers: z
    .array(z.looseObject({ worker: z.string().max(128), fingerprint: z.string().max(64) }))
    .max(1024)
    .nullable()
    .default(null),
  origin: z
    .looseObject({ job: z.string().max(64), index: z.int().min(0) })
    .nullable()
    .default(null),
});

export type Sidecar = Omit<StoredClip, 'id' | 'path' | 'bytes' | 'class' | 'voiceId' | 'seed' | 'delivered' | 'from'>;

export function writeSidecar({ codes, given, ...rest }: Sidecar): string {
  return JSON.stringify({
    format: 'foleyd-clip',
    version: 1,
    ...rest,
    codes: codes === null ? null : codesToText(codes),
    given: given === null ? null : bitsToText(given),
  });
}

/** Null where it is none of ours, or damaged. */
export function readSidecar(text: string): Sidecar | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = sidecarSchema.safeParse(json).data;
  if (parsed === undefined) return null;
  const { created, name, starred, seconds: length, recipe, seeds, lineage, shape, delivery, origin, makers } = parsed;
  const codes = parsed.codes === null ? null : codesFromText(parsed.codes);
  const given = parsed.given === null || codes === null ? null : bitsFromText(parsed.given, codes.length);
  if ((parsed.codes !== null && codes === null) || (parsed.given !== null && given === null)) return null;
  return {
    created,
    name,
    starred,
    seconds: length,
    codes,
    given,
    seeds,
    recipe: recipe as ClipRecipe | null,
    lineage: lineage as Lineage | null,
    shape: shape as Shape | null,
    delivery: delivery as Delivered | null,
    origin: origin as Origin | null,
    makers: makers as Maker[] | null,
  };
}

/** What of a clip its sidecar holds. */
export function sidecarOf({
  class: _,
  voiceId,
  seed,
  delivered,
  from,
  id,
  ...sidecar
}: Omit<StoredClip, 'path' | 'bytes'>): Sidecar {
  return sidecar;
}

/** Whether a JSON file without a WAV is one of our sidecars, and may be deleted. */
export function isOurs(text: string): boolean {
  return text.startsWith('{"format":"foleyd-clip",');
}

function codesToText(codes: Uint16Array): string {
  const bytes = Buffer.alloc(codes.length * 2);
  for (const [cell, code] of codes.entries()) bytes.writeUInt16LE(code, cell * 2);
  return bytes.toString('base64');
}

function codesFromText(text: string): Uint16Array | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 2 !== 0 || bytes.length / 2 > MAX_CELLS) return null;
  return Uint16Array.from({ length: bytes.length / 2 }, (_, cell) => bytes.readUInt16LE(cell * 2));
}

function bitsToText(given: Uint8Array): string {
  const bytes = Buffer.alloc(Math.ceil(given.length / 8));
  for (const [cell, bit] of given.entries()) if (bit === 1) bytes[cell >> 3]! |= 1 << (cell & 7);
  return bytes.toString('base64');
}

function bitsFromText(text: string, cells: number): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== Math.ceil(cells / 8)) return null;
  return Uint8Array.from({ length: cells }, (_, cell) => (bytes[cell >> 3]! >> (cell & 7)) & 1);
}
