import { z } from 'zod';
import { CAT_ID } from '../cat-id.ts';
import { limits } from '../limits.ts';
import { envelope } from './envelope.ts';
import { candidates, density, guidanceArgs, name, notBothOfEvents, plainText, seed } from './fields.ts';
import { shapeArgs } from './making.ts';

/** What every command that writes files for a sound department takes and tells. */

const block = plainText;

/** A subcategory of the Universal Category System. */
export const catId = z.string().regex(CAT_ID, 'expected a CatID such as ANMLDog');

/** A folder below the one that the owner named, as `scene 12/dogs`: no step of it leads up or begins with a dot. */
export const subfolder = z
  .string()
  .max(limits.nameChars)
  .regex(
    /^(?:[\p{L}\p{N}_][\p{L}\p{N} _.+,()-]*(?:\/[\p{L}\p{N}_][\p{L}\p{N} _.+,()-]*){0,7})?$/u,
    'expected names of letters, digits, spaces and _.+,()- with / between them',
  );

const cutLength = 'wanted length, from the onset if `at` is given: a longer clip is cut at a quiet point';
const length = z.number().gt(0).max(limits.seconds).meta({ unit: 's' }).describe(cutLength);

/** Of a cue or a row of a sheet. */
export const cueLength = length.describe(`${cutLength}, a class makes a sound of this length`);

const { gain: _, length: __, ...cuts } = shapeArgs;

export const fileArgs = {
  format: z.enum(['wav', 'flac']).default('wav').describe("container; FLAC files carry the WAV's chunks as well"),
  bits: z.literal([16, 24, 32]).default(24).describe('bits per sample; 16 is dithered, 32 is float (WAV only)'),
  rate: z.int().min(limits.rateMin).max(limits.rateMax).default(48_000).meta({ unit: 'Hz' }).describe('sample rate'),
  channels: z.literal([1, 2]).default(1).describe('1: mono; 2: stereo with the sound at `pan`'),
  pan: z.number().min(-1).max(1).default(0).describe('constant-power pan position from -1 (left) to 1 (right)'),
  peak: z
    .number()
    .min(-60)
    .max(0)
    .default(-2)
    .meta({ unit: 'dBTP' })
    .describe('true-peak ceiling: a a louder clip is attenuated as a whole; a quieter one is not raised'),
  lufs: z
    .number()
    .min(-60)
    .max(-5)
    .optional()
    .meta({ unit: 'LUFS' })
    .describe('target integrated loudness, as far as the ceiling allows; replaces `gain`'),
  loop: z.boolean().default(false).describe('write seamless loop points if the sound has a steady region'),
  timeReference: z
    .union([
      z.int().min(0).max(Number.MAX_SAFE_INTEGER),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .default(0)
    .meta({ unit: 'samples', fallback: '`0`' })
    .describe("time reference of bext: samples since midnight at the file's rate"),
  catId: catId
    .optional()
    .describe('of UCS')
    .meta({ fallback: "the server's list, then the voice's card, then the class" }),
  fxName: block
    .optional()
    .describe('the first 24 characters are used')
    .meta({ fallback: "the clip's name, otherwise its class" }),
  creator: block.optional().describe('CreatorID').meta({ fallback: 'FOLEYD' }),
  source: block.optional().describe('SourceID: show, project or library').meta({ fallback: 'NONE' }),
  userData: block.optional().describe('last part of the file name').meta({ fallback: 's and the seed' }),
  project: block.optional().describe('of iXML'),
  scene: block.optional().describe('of iXML'),
  take: block.optional().describe('of iXML'),
  ...cuts,
  length: length.optional(),
  gain: z
    .number()
    .min(-80)
    .max(40)
    .default(0)
    .meta({ unit: 'dB' })
    .describe('gain, limited by the ceiling; nothing is clipped'),
};

/** A time of a picture or a song. */
const timelineSeconds = z.number().min(0).max(limits.timelineSeconds).meta({ unit: 's' });

export const onsetAt = timelineSeconds
  .optional()
  .describe(
    'time on the timeline at which the sound begins: the file starts shortly before its onset, and its time reference says where it belongs; `timeReference` is that of the start of the timeline',
  );

export const lead = z
  .number()
  .min(0)
  .max(5)
  .default(0.01)
  .meta({ unit: 's' })
  .describe('with `at`: keep at most this much before the onset, faded in');

/** How a file of a clip is made. */
export const fileSettings = z.strictObject({ ...fileArgs, at: onsetAt, lead });

export type FileSettings = z.output<typeof fileSettings>;

/** Some of these settings: what is not named has no default. */
export const someFileSettings = z.strictObject(
  Object.fromEntries(
    Object.entries(fileArgs).map(([key, schema]: [string, z.ZodType]) => {
      const own = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
      return [key, own.optional().meta({ ...schema.meta(), fallback: 'as before' })];
    }),
  ),
) as unknown as z.ZodType<Partial<FileSettings>, Partial<z.input<typeof fileSettings>>>;

const level = (doc: string) => z.number().nullable().describe(doc);

export const fileTold = {
  name: z.string().describe('file name, without folder'),
  path: z.string().nullable().describe('file path; null if it was sent in the answer'),
  bytes: z.int().min(0),
  seconds: z.number().min(0).meta({ unit: 's' }),
  lufs: level('integrated loudness; null for silence and for less than 0.4 s').meta({ unit: 'LUFS' }),
  truePeak: level('null for silence').meta({ unit: 'dBTP' }),
  gain: z.number().describe('gain applied relative to the clip').meta({ unit: 'dB' }),
  looped: z.boolean().describe('whether loop points were written'),
  placed: z
    .object({
      at: timelineSeconds.describe('time at which the onset was wanted'),
      start: z.number().meta({ unit: 's' }).describe('start time of the file, as in its time reference'),
      onset: z.number().min(0).meta({ unit: 's' }).describe('onset measured in the file, from its start'),
      offset: z.number().meta({ unit: 's' }).describe('time from `at` to the measured onset'),
    })
    .optional()
    .describe('where the sound lies on the timeline; absent without `at`'),
};

export const fileExample = {
  name: 'ANMLDog_big door_JD_FOLEY_s42.wav',
  path: '/home/me/foleyd/exports/ANMLDog_big door_JD_FOLEY_s42.wav',
  bytes: 578_846,
  seconds: 4,
  lufs: -23,
  truePeak: -6.4,
  gain: -3.1,
  looped: false,
};

/** One line of a sheet: a clip that is there, or some to be made. */
export const sheetRow = z
  .strictObject({
    clip: name.optional().describe('clip id'),
    class: name.optional().describe('name, id or a mix like DogBark:0.7+Rain:0.3'),
    seed: seed.optional(),
    count: z.int().min(1).max(limits.count).default(1),
    voice: name.optional(),
    guidance: guidanceArgs.guidance,
    density,
    candidates,
    avoid: name.optional().describe('as `class`'),
    catId: catId.optional(),
    fxName: block.optional(),
    userData: block.optional(),
    take: block.optional(),
    at: onsetAt,
    length: cueLength.optional(),
    cue: z.int().min(1).max(limits.batchFiles).optional().describe('number that its files are named by'),
    envelope: envelope.optional().describe('loudness that the clips of a class follow'),
  })
  .refine((row) => (row.clip === undefined) !== (row.class === undefined), 'expected a clip or a class')
  .refine(notBothOfEvents.holds, notBothOfEvents.error);
