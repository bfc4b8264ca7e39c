import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { batchEvents, batchExample, folder, stem, to } from './delivery.ts';
import { envelope } from './envelope.ts';
import { candidates, density, guidanceArgs, name, notBothOfEvents, seed } from './fields.ts';
import { catId, cueLength, fileArgs, lead, onsetAt } from './files.ts';

const alternates = z.int().min(1).max(limits.count);

const cue = z
  .strictObject({
    at: onsetAt.unwrap().describe('time on the timeline at which the sound begins'),
    class: name.describe('name, id, another word for a class, or a mix like DogBark:0.7+Rain:0.3'),
    length: cueLength.optional(),
    alternates: alternates.optional().describe('takes of this cue').meta({ fallback: 'those of the request' }),
    seed: seed.optional().meta({ fallback: 'the seed of the request, plus the number of the cue' }),
    candidates: candidates.unwrap().optional().meta({ fallback: 'those of the request' }),
    guidance: guidanceArgs.guidance,
    density: density.meta({ ...density.meta(), fallback: 'that of the request, or with `envelope` none' }),
    avoid: name.optional().describe('as `class`'),
    voice: name.optional().meta({ fallback: 'that of the request' }),
    envelope: envelope.optional().describe('loudness that the takes follow'),
    catId: catId.optional(),
    fxName: fileArgs.fxName.describe("of the file's name").meta({ fallback: 'the name in the sheet, or the class' }),
    userData: fileArgs.userData.meta({ fallback: 'c and the number of the cue' }),
    take: fileArgs.take,
  })
  .refine(notBothOfEvents.holds, notBothOfEvents.error);

// Without what is of one cue, and what has no place on a timeline.
const { shape: settings } = z.strictObject(fileArgs).omit({
  catId: true,
  fxName: true,
  userData: true,
  take: true,
  length: true,
  reverse: true,
  loop: true,
});

export const spot = defineCommand({
  name: 'foley.spot',
  role: 'play',
  doc: 'Makes a sound for every marker of a sheet, an edit list or a list of cues: one file per take, with its onset on the cue, as one job like `clip.batch`.',
  args: z
    .strictObject({
      sheet: z
        .string()
        .min(1)
        .max(limits.frameBytes)
        .optional()
        .describe(
          'text of a sheet (CSV or TSV with a line of names: Start or At, Name or Class, and any of End, Length and the fields of a cue; as REAPER, Resolve and Premiere export them) or of a CMX3600 edit list (markers, else names of clips)',
        ),
      cues: z.array(cue).min(1).max(limits.batchFiles).optional().describe('or the cues themselves'),
      fps: z
        .number()
        .min(1)
        .max(240)
        .optional()
        .describe('frame rate of timecode in the sheet, as 24, 25 or 29.97')
        .meta({ fallback: '29.97 for drop-frame timecode (00:01:02;12)' }),
      unknown: z
        .enum(['refuse', 'skip'])
        .default('refuse')
        .describe('markers that name no class of the voice: refuse the sheet, or skip them'),
      alternates: alternates.default(1).describe('takes of each cue'),
      seed: seed.optional().describe('seed of the first cue').meta({ fallback: 'chosen at random by the server' }),
      voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
      candidates,
      guidance: guidanceArgs.guidance,
      density,
      to,
      folder,
      list: name
        .optional()
        .describe('name of the sheet that lists the files, without folder and extension')
        .meta({ fallback: 'batch and the job' }),
      stem,
      ...settings,
      lead,
    })
    .refine(({ sheet, cues }) => (sheet === undefined) !== (cues === undefined), 'expected either sheet or cues'),
  events: {
    ...batchEvents,
    accepted: batchEvents.accepted.extend({
      cues: z.int().min(1).describe('number of cues'),
      overlaps: z.int().min(0).describe('cues that begin before an earlier cue of the same class ends'),
      left: z
        .array(z.object({ line: z.int().min(1), name: z.string() }))
        .optional()
        .describe('markers that were left out because they name no class'),
    }),
  },
  http: true,
  osc: {
    address: '/foley/spot',
    id: 'own',
    args: ['sheet', 'alternates'],
    pairs: true,
    fixed: {},
    example: ['s1', 'Start,Name\n1.5,DogBark\n', 2, 'to', 'delivery'],
    replies: {
      accepted: [
        { address: '/foley/accepted', args: ['id', 'job:s'] },
        { address: '/foley/understood', args: ['id', 'name:s', 'class:s'], each: 'understood' },
      ],
      file: [{ address: '/foley/spot/file', args: ['id', 'index:i', 'path:s', 'placed.at:f', 'placed.start:f'] }],
      skipped: [{ address: '/foley/spot/skipped', args: ['id', 'index:i', 'code:s', 'message:s'] }],
      done: [{ address: '/foley/spot/done', args: ['id', 'files:i', 'skipped:i', 'path:s'] }],
    },
  },
  example: {
    args: { sheet: '#,Name,Start,End,Length\nM1,DogBark,0:01.500,,\n', alternates: 2, creator: 'JD' },
    events: { ...batchExample, accepted: { job: 'b1', files: 2, cues: 1, overlaps: 0 } },
  },
});
