/** Commands that make clips from the codes of another: varied all over, or sampled again from a row on. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { envelopeFromText } from './envelope.ts';
import { classArg, classFromText, guidanceArgs, name } from './fields.ts';
import { madeEvents, madeExample, madeFixed, madeReplies, makingArgs, shapeArgs } from './making.ts';
import { recordingArgs } from './recording.ts';
import { spectrumFromText } from './spectrum.ts';

const whole = (doc: string) => z.int().min(0).max(65_535).optional().describe(doc);
const ofClip = "the clip's guidance if its class is kept; otherwise the voice's default for the class";
const guidance = { guidance: guidanceArgs.guidance.meta({ fallback: ofClip }) };
const place = (doc: string) => z.number().min(0).max(limits.seconds).optional().describe(doc);
const from = { clip: name.optional().describe('id of a saved clip') };

function isPlainShape(args: { [K in keyof typeof shapeArgs]?: unknown }): boolean {
  return Object.keys(shapeArgs).every((key) => [undefined, false, 0].includes(args[key as 'gain'] as undefined));
}

export const vary = defineCommand({
  name: 'foley.vary',
  role: 'play',
  doc: 'Keeps part of the codes of a clip, or of your own recording, and samples the rest again: the same body with different detail.',
  args: z
    .strictObject({
      ...from,
      ...recordingArgs,
      codes: z
        .array(z.int().min(0).max(65_535))
        .min(1)
        .max(limits.entries)
        .optional()
        .describe(
          'or a code grid in raster order, as in `row` events and `clip.get`; grids of a longer clip follow each other',
        ),
      amount: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('how much changes: 0 is the same clip, up to 0.35 only detail differs, 1 is a new clip of the class')
        .meta({ fallback: '0.5, or 1 with `from` and `to`, if neither `codebooks` nor `keepRows` is given' }),
      codebooks: whole('or keep this many codebooks, from the first'),
      keepRows: whole('or keep this many rows of the grid, from the first'),
      from: place('change only the stretch that begins here, as the clip or recording is heard').meta({
        unit: 's',
        fallback: 'the beginning, if `to` is given',
      }),
      to: place(
        'and ends here: samples outside of it stay the same, and the sound changes over inside of it, at quiet places; a voice that follows contours follows the loudness that was there unless `envelope` is given, and a restart of the server ends the job',
      ).meta({ unit: 's', fallback: 'the end, if `from` is given' }),
      class: classArg
        .optional()
        .describe('class of the new part, in the form of `foley.generate`')
        .meta({ fallback: "the clip's class; required for a recording or codes" }),
      voice: name
        .optional()
        .describe('voice id')
        .meta({ fallback: "the clip's voice; the active voice for a recording or codes" }),
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
      ({ from: begin, to, codes, keepRows, ...args }) =>
        (begin === undefined && to === undefined) ||
        (codes === undefined && keepRows === undefined && isPlainShape(args)),
      '`from` and `to` keep the length of a clip or recording; expected neither codes, keepRows, trim, length, reverse, fadeIn, fadeOut nor gain with them',
    )
    .refine(({ from: begin = 0, to = limits.seconds }) => to > begin, {
      message: 'expected a time after `from`',
      path: ['to'],
    })
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
    words: { class: classFromText, avoid: classFromText, envelope: envelopeFromText, spectrum: spectrumFromText },
    fixed: madeFixed,
    example: ['vary1', '9f2c4e5d6a7b8190', 0.3, 7, 'count', 4],
    replies: madeReplies,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190', amount: 0.3, count: 4, seed: 7 }, events: madeExample },
});

export const branch = defineCommand({
  name: 'foley.branch',
  role: 'play',
  doc: 'Continues a clip, finished or still running, from one row in several ways; the shared rows are computed once.',
  args: z
    .strictObject({
      ...from,
      job: name.optional().describe('or a running job, from `accepted`'),
      index: z.int().min(0).max(limits.count).default(0).describe('index of the clip in the job'),
      row: z
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe('first row that is sampled again')
        .meta({ fallback: 'the next row of a running clip; the middle row of a finished one' }),
      class: classArg.optional().describe('class of the continuations').meta({ fallback: "the clip's own class" }),
      ...makingArgs,
      ...guidance,
      ...shapeArgs,
      count: z.int().min(1).max(limits.count).default(4).describe('number of clips; clip i uses seed + i modulo 2^32'),
    })
    .refine((args) => (args.clip === undefined) !== (args.job === undefined), 'expected either clip or job'),
  events: madeEvents,
  http: true,
  osc: {
    address: '/foley/branch',
    id: 'own',
    args: ['clip', 'row', 'count'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText, envelope: envelopeFromText, spectrum: spectrumFromText },
    fixed: madeFixed,
    example: ['branch1', '9f2c4e5d6a7b8190', 20, 3],
    replies: madeReplies,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190', row: 20, count: 3 }, events: madeExample },
});
