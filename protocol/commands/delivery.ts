/** Commands that write files for a sound department: of one clip, of a list, and of every clip that is saved. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, bin, defineCommand } from './define.ts';
import { name, understood } from './fields.ts';
import { fileArgs, fileExample, fileTold, lead, onsetAt, sheetRow, someFileSettings, subfolder } from './files.ts';

export const to = z
  .enum(['exports', 'delivery', 'bytes'])
  .default('exports')
  .describe("destination: the server's export folder, the delivery folder, or the answer itself");
// Before the field `bytes`: in a class of Python that name would hide the type.
const content = bin('contents of the file, if requested in the answer').optional();
export const folder = subfolder.default('').describe('subfolder of the delivery folder');

export const clipExport = defineCommand({
  name: 'clip.export',
  role: 'play',
  doc: 'Exports a saved clip as a file for a sound department: WAV with bext, iXML and cues, or FLAC. Existing files are never replaced.',
  args: z.strictObject({
    clip: name.describe('clip id'),
    name: name.optional().describe('file name, without folder').meta({ fallback: 'a name by the rules of UCS' }),
    to,
    folder,
    ...fileArgs,
    at: onsetAt,
    lead,
  }),
  events: {
    done: z.object({ content, ...fileTold }),
  },
  http: true,
  osc: {
    address: '/foley/clip/export',
    id: 'own',
    args: ['clip', 'name'],
    pairs: true,
    fixed: {},
    example: ['e1', '9f2c4e5d6a7b8190', 'bark_01', 'gain', -3],
    replies: { done: [{ address: '/foley/clip/exported', args: ['id', 'path:s', 'seconds:f'] }] },
  },
  example: {
    args: { clip: '9f2c4e5d6a7b8190', lufs: -23, creator: 'JD', source: 'FOLEY' },
    events: { done: fileExample },
  },
});

const index = z.int().min(0).describe('index of the file, from 0, in the order of the sheet');

/** What a job that makes files tells. */
export const batchEvents = {
  accepted: z.object({
    job: z.string().describe('job id'),
    files: z.int().min(1).describe('number of files'),
    understood,
  }),
  progress: z.object({ done: z.int().min(0), of: z.int().min(1) }),
  file: z.object({
    index,
    clip: z.string().describe('clip id'),
    content,
    ...fileTold,
  }),
  skipped: z.object({ index, code: z.string().describe('error code'), message: z.string() }),
  stem: z
    .object({
      name: z.string().describe('file name, without folder'),
      path: z.string().nullable().describe('file path; null if it was sent in the answer'),
      content,
      clips: z.int().min(1).describe('number of clips in it'),
      seconds: z.number().min(0).meta({ unit: 's' }),
      start: z.number().min(0).meta({ unit: 's' }).describe('time of its beginning on the timeline'),
      gain: z
        .number()
        .max(0)
        .meta({ unit: 'dB' })
        .describe('attenuation that brought the sum of the files below the ceiling'),
    })
    .describe('the mix'),
  done: z.object({
    files: z.int().min(0).describe('number of files written'),
    skipped: z.int().min(0).describe('number of files that failed'),
    path: z.string().nullable().describe('path of the sheet; null if the files were sent in the answer'),
    sheet: z.string().describe('contents of the sheet'),
    understood,
  }),
};

export const stem = name
  .optional()
  .describe(
    `also mix the first take of every row that has \`at\` to one file of this name, each at its time; at most ${limits.stemSeconds / 60} minutes`,
  );

export const batchExample = {
  accepted: { job: 'b1', files: 2 },
  progress: { done: 1, of: 2 },
  file: { index: 0, clip: '9f2c4e5d6a7b8190', ...fileExample },
  skipped: { index: 1, code: 'unknown_clip', message: 'there is no clip "9f2c4e5d6a7b8191"' },
  stem: {
    name: 'scene 12.wav',
    path: '/home/me/foleyd/exports/scene 12.wav',
    clips: 2,
    seconds: 9.5,
    start: 3600,
    gain: 0,
  },
  done: { files: 1, skipped: 1, path: '/home/me/foleyd/exports/batch_b1.csv', sheet: 'file,clip\r\n' },
};

export const clipBatch = defineCommand({
  name: 'clip.batch',
  role: 'play',
  doc: 'Exports many clips, saved or newly generated, with a sheet (CSV) that lists them, as one job.',
  args: z.strictObject({
    clips: z.array(name).max(limits.batchFiles).optional().describe('clip ids'),
    rows: z
      .array(sheetRow)
      .max(limits.batchFiles)
      .optional()
      .describe(
        "lines of the sheet: a clip, or a class with seed and count; a line's own settings override the common ones",
      ),
    to,
    folder,
    sheet: name
      .optional()
      .describe('name of the sheet, without folder and extension')
      .meta({ fallback: 'batch and the job' }),
    stem,
    ...fileArgs,
    lead,
  }),
  events: batchEvents,
  http: true,
  example: {
    args: { rows: [{ class: 'DogBark', seed: 42, count: 2 }], format: 'flac' },
    events: batchExample,
  },
});

const state = z.object({
  on: z.boolean(),
  root: z.string().nullable().describe('delivery folder; null if none is set'),
  folder: z.string().describe('below it'),
  starred: z.boolean().describe('only starred clips'),
  classes: z.array(z.string()).nullable().describe('only clips of these classes; null for all'),
  settings: z.looseObject({}).describe('export settings, as for `clip.export`'),
  delivered: z.int().min(0).describe('files since the server started'),
  waiting: z.int().min(0).describe('clips waiting to be delivered'),
  last: z.string().nullable().describe('path of the most recent file'),
  problem: z
    .string()
    .nullable()
    .describe('why the last clip could not be delivered; `deliver.set` or a restart retries it'),
});
const stateExample: z.input<typeof state> = {
  on: true,
  root: '/mnt/show/foley',
  folder: 'incoming',
  starred: true,
  classes: null,
  settings: { format: 'wav', bits: 24, rate: 48_000 },
  delivered: 3,
  waiting: 0,
  last: '/mnt/show/foley/incoming/ANMLDog_DogBark_JD_FOLEY_s42.wav',
  problem: null,
};
const stateReply = {
  done: [{ address: '/foley/delivery', args: ['on:i', 'folder:s', 'delivered:i', 'waiting:i'] }],
};

export const deliverSet = defineCommand({
  name: 'deliver.set',
  role: 'admin',
  doc: 'Sets which saved clips are delivered automatically to the delivery folder, and in which form; each clip is delivered exactly once. Fields that are left out keep their values. A server with a delivery folder delivers every clip saved since its first start, unless this command changes it.',
  args: z.strictObject({
    on: z.boolean().default(true),
    folder: subfolder
      .optional()
      .describe('subfolder of the delivery folder')
      .meta({ fallback: 'as before; at first none' }),
    starred: z
      .boolean()
      .optional()
      .describe('only starred clips, including clips that are already starred')
      .meta({ fallback: 'as before; at first false' }),
    earlier: z.boolean().default(false).describe('also deliver clips saved before delivery was switched on'),
    classes: z
      .array(name)
      .max(64)
      .nullable()
      .optional()
      .describe('only clips of these classes; null for all')
      .meta({ fallback: 'as before; at first all' }),
    settings: someFileSettings
      .optional()
      .describe('export settings to change, as for `clip.export`')
      .meta({ fallback: 'as before' }),
    reset: z.boolean().default(false).describe('start from the defaults instead of the current rule'),
  }),
  events: { done: state },
  http: true,
  example: {
    args: { folder: 'incoming', starred: true, settings: { creator: 'JD', source: 'FOLEY' } },
    events: { done: stateExample },
  },
});

export const deliverInfo = defineCommand({
  name: 'deliver.info',
  role: 'play',
  doc: 'Returns the delivery rule, its folder and its progress.',
  args: z.strictObject({}),
  events: { done: state },
  http: true,
  osc: bareOsc('/foley/delivery', stateReply),
  example: { args: {}, events: { done: stateExample } },
});
