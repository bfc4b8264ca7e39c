import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, bin, defineCommand } from './define.ts';
import { name } from './fields.ts';
import { fileArgs, fileExample, fileSettings, fileTold, sheetRow, subfolder } from './files.ts';

const to = z
  .enum(['exports', 'delivery', 'bytes'])
  .default('exports')
  .describe("the server's folder of exports, the folder its owner delivers to, or into the answer");
// Before the field `bytes`: in a class of Python that name would hide the type.
const content = bin('the file, where it was to be sent').optional();
const folder = subfolder.default('').describe('below that of deliveries');

export const clipExport = defineCommand({
  name: 'clip.export',
  role: 'play',
  doc: 'Makes a file for a sound department of a saved clip: WAV with bext, iXML and cues, or FLAC. No file is ever replaced.',
  args: z.strictObject({
    clip: name.describe('clip id'),
    name: name.optional().describe('of the file, without folder').meta({ fallback: 'made by the rules of UCS' }),
    to,
    folder,
    ...fileArgs,
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

const index = z.int().min(0).describe('which file, from 0, in the order of the sheet');

export const clipBatch = defineCommand({
  name: 'clip.batch',
  role: 'play',
  doc: 'Makes files of many clips, of saved ones and of ones that are made for it, and a sheet (CSV) of them, as one job.',
  args: z.strictObject({
    clips: z.array(name).max(limits.batchFiles).optional().describe('clip ids'),
    rows: z
      .array(sheetRow)
      .max(limits.batchFiles)
      .optional()
      .describe('lines of a sheet: a clip, or a class with seed and count; what they say goes before the rest'),
    to,
    folder,
    sheet: name.optional().describe('of the sheet, without folder and ending').meta({ fallback: 'batch and the job' }),
    ...fileArgs,
  }),
  events: {
    accepted: z.object({ job: z.string().describe('job id'), files: z.int().min(1).describe('how many will come') }),
    progress: z.object({ done: z.int().min(0), of: z.int().min(1) }),
    file: z.object({
      index,
      clip: z.string().describe('clip id'),
      content,
      ...fileTold,
    }),
    skipped: z.object({ index, code: z.string().describe('error code'), message: z.string() }),
    done: z.object({
      files: z.int().min(0).describe('how many were made'),
      skipped: z.int().min(0).describe('how many could not be'),
      path: z.string().nullable().describe('of the sheet on disk; null where the files were sent'),
      sheet: z.string().describe('the sheet itself'),
    }),
  },
  http: true,
  example: {
    args: { rows: [{ class: 'DogBark', seed: 42, count: 2 }], format: 'flac' },
    events: {
      accepted: { job: 'b1', files: 2 },
      progress: { done: 1, of: 2 },
      file: { index: 0, clip: '9f2c4e5d6a7b8190', ...fileExample },
      skipped: { index: 1, code: 'unknown_clip', message: 'there is no clip "9f2c4e5d6a7b8191"' },
      done: { files: 1, skipped: 1, path: '/home/me/foleyd/exports/batch_b1.csv', sheet: 'file,clip\r\n' },
    },
  },
});

const state = z.object({
  on: z.boolean(),
  root: z.string().nullable().describe('folder that the owner named; null without'),
  folder: z.string().describe('below it'),
  starred: z.boolean().describe('only starred clips'),
  classes: z.array(z.string()).nullable().describe('only clips of these; null for all'),
  settings: z.looseObject({}).describe('how the files are made, as `clip.export` takes it'),
  delivered: z.int().min(0).describe('files since the server started'),
  waiting: z.int().min(0).describe('clips whose turn has not come'),
  last: z.string().nullable().describe('path of the newest file'),
  problem: z
    .string()
    .nullable()
    .describe('why the last clip could not be delivered; `deliver.set` or a restart tries it again'),
});
const stateExample: z.input<typeof state> = {
  ...{ on: true, root: '/mnt/show/foley', folder: 'incoming', starred: true, classes: null },
  ...{ settings: { format: 'wav', bits: 24, rate: 48_000 }, delivered: 3, waiting: 0 },
  ...{ last: '/mnt/show/foley/incoming/ANMLDog_DogBark_JD_FOLEY_s42.wav', problem: null },
};
const stateReply = {
  done: [{ address: '/foley/delivery', args: ['on:i', 'folder:s', 'delivered:i', 'waiting:i'] }],
};

export const deliverSet = defineCommand({
  name: 'deliver.set',
  role: 'admin',
  doc: 'Says which saved clips are delivered by themselves to the folder that the owner named, and how; each once, for good.',
  args: z.strictObject({
    on: z.boolean().default(true),
    folder,
    starred: z
      .boolean()
      .default(false)
      .describe('only clips that are starred, as soon as they are, and those that are already'),
    earlier: z.boolean().default(false).describe('clips that were saved before it was switched on as well'),
    classes: z.array(name).max(64).optional().describe('only clips of these').meta({ fallback: 'all' }),
    settings: fileSettings.prefault({}).describe('how the files are made, as `clip.export` takes it'),
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
  doc: 'What is delivered by itself, where, and how far that is.',
  args: z.strictObject({}),
  events: { done: state },
  http: true,
  osc: bareOsc('/foley/delivery', stateReply),
  example: { args: {}, events: { done: stateExample } },
});
