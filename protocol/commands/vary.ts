import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin, defineCommand } from './define.ts';
import { classArg, classFromText, guidanceArgs, name, pcmFormat } from './fields.ts';
import { madeEvents, madeExample, madeFixed, madeReplies, makingArgs, shapeArgs } from './making.ts';

const whole = (doc: string) => z.int().min(0).max(65_535).optional().describe(doc);
const ofClip = "the clip's own, with its class; else the voice's default for the class";
const guidance = { guidance: guidanceArgs.guidance.meta({ fallback: ofClip }) };
const from = { clip: name.optional().describe('id of a saved clip') };

export const vary = defineCommand({
  name: 'foley.vary',
  role: 'play',
  doc: 'Keeps part of a clip, or of a recording of your own, and makes the rest anew: the same body with another top.',
  args: z
    .strictObject({
      ...from,
      recording: z
        .union([z.string().max(limits.frameBytes), bin('bytes')])
        .optional()
        .describe('or a recording: a WAV, or bare mono samples; bytes in msgpack, base64 elsewhere'),
      recordingRate: z
        .int()
        .min(4000)
        .max(384_000)
        .optional()
        .describe('of bare samples')
        .meta({ unit: 'Hz', fallback: 'it is a WAV' }),
      recordingFormat: pcmFormat.default('s16').describe('of bare samples'),
      codes: z
        .array(z.int().min(0).max(65_535))
        .min(1)
        .max(limits.entries)
        .optional()
        .describe(
          'or a code grid in raster order, as `row` events and `clip.get` tell it; of a longer clip piece after piece, as many as a list may hold',
        ),
      amount: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('how far it goes: 0 is the same clip, up to 0.35 only detail differs, 1 is another clip of its class')
        .meta({ fallback: '0.5, unless `codebooks` or `keepRows` are given' }),
      codebooks: whole('or keep the first so many codebooks'),
      keepRows: whole('or keep the first so many rows of the grid'),
      class: classArg
        .optional()
        .describe('what the new part is; as in `foley.generate`')
        .meta({ fallback: "the clip's own class; a recording and codes need one" }),
      voice: name
        .optional()
        .describe('voice id')
        .meta({ fallback: "the clip's voice; of a recording and of codes the active one" }),
      ...makingArgs,
      ...guidance,
      ...shapeArgs,
    })
    .refine(
      ({ clip, recording, codes }) => [clip, recording, codes].filter((x) => x !== undefined).length === 1,
      'expected one of clip, recording and codes',
    )
    .refine(
      ({ amount, codebooks, keepRows }) => [amount, codebooks, keepRows].filter((x) => x !== undefined).length <= 1,
      'expected one of amount, codebooks and keepRows',
    )
    .refine(
      (args) => args.clip !== undefined || args.class !== undefined,
      'a recording needs a class, and so do codes',
    ),
  events: madeEvents,
  http: true,
  osc: {
    address: '/foley/vary',
    id: 'own',
    args: ['clip', 'amount', 'seed'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText },
    fixed: madeFixed,
    example: ['vary1', '9f2c4e5d6a7b8190', 0.3, 7, 'count', 4],
    replies: madeReplies,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190', amount: 0.3, count: 4, seed: 7 }, events: madeExample },
});

export const branch = defineCommand({
  name: 'foley.branch',
  role: 'play',
  doc: 'Lets several clips go on from one row of a clip, finished or running; what they share is computed once.',
  args: z
    .strictObject({
      ...from,
      job: name.optional().describe('or a job that runs, from `accepted`'),
      index: z.int().min(0).max(limits.count).default(0).describe('which clip of the job'),
      row: z
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe('first row that is made anew')
        .meta({ fallback: 'the next row of a running clip; the middle of a finished one' }),
      class: classArg.optional().describe('what they become').meta({ fallback: "the clip's own class" }),
      ...makingArgs,
      ...guidance,
      ...shapeArgs,
      count: z.int().min(1).max(limits.count).default(4).describe('how many clips; clip i uses seed + i modulo 2^32'),
    })
    .refine((args) => (args.clip === undefined) !== (args.job === undefined), 'expected either clip or job'),
  events: madeEvents,
  http: true,
  osc: {
    address: '/foley/branch',
    id: 'own',
    args: ['clip', 'row', 'count'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText },
    fixed: madeFixed,
    example: ['branch1', '9f2c4e5d6a7b8190', 20, 3],
    replies: madeReplies,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190', row: 20, count: 3 }, events: madeExample },
});
