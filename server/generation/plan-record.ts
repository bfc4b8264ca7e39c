/** What a job makes, as JSON: enough to go on with it after a restart, whatever became of the clip or the voice it began with. */
import { z } from 'zod';
import { makingArgs, ProtocolError, shapeArgs } from '../../protocol/index.ts';
import type { Lineage } from '../clips/clip.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import type { ClipPlan, Take } from './clip-plan.ts';

const MAX_CELLS = 1 << 20;
const base64 = z.string().max(4 * MAX_CELLS);
const seed = z.int().min(0).max(0xffff_ffff);
const resolved = z.object({
  label: z.union([z.string(), z.record(z.string(), z.number())]),
  weights: z.array(z.number()),
});
const voiceClass = z.object({
  voice: z.object({ id: z.string(), hash: z.string() }),
  chosen: resolved,
  guidance: z.number(),
  guideFollowed: z.boolean().default(false),
  avoid: resolved.nullable(),
});
const schema = z.object({
  ...voiceClass.shape,
  args: z.object({ ...makingArgs, ...shapeArgs }),
  seed,
  candidates: z.int().min(1).optional(),
  takes: z.array(
    z.object({
      seed,
      starts: z.array(z.object({ codes: base64, given: base64 })).optional(),
      seeds: z.array(seed).optional(),
      lineage: z.looseObject({ how: z.enum(['varied', 'branched', 'extended']) }).optional(),
    }),
  ),
});

export type PlanRecord = z.input<typeof schema>;

export function recordOf(plan: ClipPlan): PlanRecord {
  const { voice, chosen, guidance, guideFollowed, avoid, args, seed: first, takes, candidates } = plan;
  return {
    voice: { id: voice.id, hash: voice.hash },
    chosen,
    guidance,
    guideFollowed,
    avoid,
    args: { ...args },
    seed: first,
    ...(candidates === undefined ? {} : { candidates }),
    takes: takes.map(({ starts, seed: own, seeds, lineage }) => ({
      seed: own,
      ...(starts && { starts: starts.map(({ codes, given }) => ({ codes: toText(codes), given: toText(given) })) }),
      ...(seeds && { seeds }),
      ...(lineage && { lineage: { ...lineage } }),
    })),
  };
}

/** Throws wrong_voice if the voice has been replaced, unknown_voice if it has been deleted. */
export async function planFrom(record: unknown, catalog: Catalog, begun: number): Promise<ClipPlan> {
  const { takes, voice, args, candidates, ...rest } = schema.parse(record);
  const { guidance: _, avoid: __, guideFollowed: ___, ...making } = args;
  return {
    ...rest,
    voice: await sameVoice(voice, catalog),
    args: making,
    begun,
    ...(candidates === undefined ? {} : { candidates }),
    takes: takes.map(
      ({ seed: own, starts, seeds, lineage }): Take => ({
        seed: own,
        ...(starts && {
          starts: starts.map(({ codes, given }) => ({ codes: codesFrom(codes), given: bytesFrom(given) })),
        }),
        ...(seeds && { seeds }),
        ...(lineage && { lineage: lineage as unknown as Lineage }),
      }),
    ),
  };
}

async function sameVoice({ id, hash }: { id: string; hash: string }, catalog: Catalog): Promise<Voice> {
  const voice = await catalog.find(id);
  if (voice.hash === hash) return voice;
  throw new ProtocolError(
    'wrong_voice',
    `voice ${id} is not the version that the job was started with; request it again`,
  );
}

function toText({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function bytesFrom(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** Little-endian, as on every machine that this runs on. */
function codesFrom(text: string): Uint16Array {
  return new Uint16Array(bytesFrom(text).buffer);
}
