/** Commands that make a data set of recordings to train on, and list or remove them. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, defineCommand } from './define.ts';
import { folderName, name, newClass, plainLines } from './fields.ts';
import { restorableUntil, restorableUntilExample } from './trash.ts';

const many = z.int().min(0);
const minutes = z.number().min(0).meta({ unit: 'min' });
const some = (doc: string) =>
  z.object({ count: many, files: z.array(z.string()).describe('the first of them') }).describe(doc);

const dataset = z.object({
  dataset: z.string().describe('data set id'),
  created: z.string().describe('ISO 8601'),
  licence: z.string(),
  author: z.string(),
  notes: z.string(),
  source: z.string().describe('source of the recordings'),
  clips: many.describe('usable clips'),
  minutes: minutes.describe('total length of the clips'),
  originals: many.describe('source recordings'),
  minutesSilent: minutes.describe('silence removed'),
  classes: z.array(
    z.object({
      class: z.string(),
      clips: many,
      train: many.describe('training clips'),
      eval: many.describe('evaluation clips, from other recordings'),
      originals: many,
      minutes,
    }),
  ),
});

const report = dataset.extend({
  silent: some('clips below -60 dBFS'),
  clipped: some('clipped clips: runs of samples at full scale'),
  duplicates: some('pairs of nearly identical clips from different recordings'),
  dropped: some('evaluation clips removed because they are nearly identical to a training clip'),
  skipped: some('files that were not read, each with the reason'),
  copies: z
    .array(z.object({ file: z.string(), of: z.string() }))
    .optional()
    .describe('recordings that are nearly identical to an earlier one, `of`; absent in data sets of older servers'),
});

const example = {
  dataset: 'my-footsteps',
  created: '2026-11-25T12:00:00.000Z',
  licence: 'CC0-1.0',
  author: 'me',
  notes: 'kitchen',
  source: 'upload',
  clips: 31,
  minutes: 0.9,
  originals: 30,
  minutesSilent: 0.2,
  classes: [{ class: 'CreakyFloor', clips: 31, train: 28, eval: 3, originals: 30, minutes: 0.9 }],
};
const nothing = { count: 0, files: [] };
const exampleReport = {
  ...example,
  silent: nothing,
  clipped: nothing,
  duplicates: nothing,
  dropped: nothing,
  skipped: nothing,
};

export const datasetUpload = defineCommand({
  name: 'dataset.upload',
  role: 'admin',
  doc: 'Uploads a piece of a recording. Pieces of a file are sent in order; `dataset.add` then makes a data set of all uploaded files.',
  args: z.strictObject({
    upload: folderName.describe('upload name of your choice; the first piece starts the upload'),
    file: name.describe('`name.wav`, or `Class/name.wav`; WAV, FLAC, Ogg, MP3 or AIFF'),
    offset: z
      .int()
      .min(0)
      .default(0)
      .describe('position in the file: number of bytes uploaded so far; 0 restarts the file')
      .meta({ unit: 'bytes' }),
    data: z.base64().max(limits.uploadChunkChars).describe('base64 of the bytes'),
  }),
  events: {
    done: z.object({
      upload: z.string(),
      file: z.string(),
      bytes: many.describe('bytes of this file uploaded so far'),
    }),
  },
  http: true,
  example: {
    args: { upload: 'u1', file: 'CreakyFloor/step 1.wav', offset: 4, data: 'JAAAAFdBVkU=' },
    events: { done: { upload: 'u1', file: 'CreakyFloor/step 1.wav', bytes: 12 } },
  },
});

export const datasetAdd = defineCommand({
  name: 'dataset.add',
  role: 'admin',
  doc: 'Creates a data set from recordings: cuts them at quiet points, removes silence, splits them into training and evaluation clips by recording, and reports broken and duplicate clips.',
  args: z
    .strictObject({
      dataset: folderName.describe('id of the new data set'),
      upload: folderName.optional().describe('upload of `dataset.upload`; removed afterwards'),
      folder: z
        .string()
        .min(1)
        .max(limits.payloadChars)
        .optional()
        .describe('or a folder on the server, inside one allowed by `--dataset-folder`'),
      clips: z.array(name).min(1).max(limits.entries).optional().describe('or saved clips, by id'),
      starred: z.boolean().optional().describe('or every starred clip'),
      class: newClass
        .optional()
        .describe('class of all recordings')
        .meta({ fallback: 'one folder per class; for clips, their own class' }),
      seconds: z.number().min(0.5).max(60).default(4).describe('length of the longest clip').meta({ unit: 's' }),
      licence: name
        .default('unknown')
        .describe('licence of the recordings; listed in the credits of every voice trained on them'),
      author: name.default('unknown').describe('who recorded them'),
      notes: plainLines(limits.notesChars).default('').describe('for people'),
    })
    .refine(
      ({ upload, folder, clips, starred }) =>
        [upload, folder, clips, starred === true ? true : undefined].filter((x) => x !== undefined).length === 1,
      'expected one of upload, folder, clips and starred',
    ),
  events: {
    accepted: z.object({ dataset: z.string() }),
    progress: z.object({
      file: z.string().describe('recording being segmented'),
      clips: many.describe('clips that it gave'),
      unreadable: z.string().optional().describe('reason it could not be read and was left out; absent otherwise'),
      done: many.describe('recordings processed'),
    }),
    done: report,
  },
  http: true,
  example: {
    args: {
      dataset: 'my-footsteps',
      upload: 'u1',
      class: 'CreakyFloor',
      licence: 'CC0-1.0',
      author: 'me',
      notes: 'kitchen',
    },
    events: {
      accepted: { dataset: 'my-footsteps' },
      progress: { file: 'step 1.wav', clips: 1, done: 1 },
      done: exampleReport,
    },
  },
});

export const datasetList = defineCommand({
  name: 'dataset.list',
  role: 'admin',
  doc: 'Lists the data sets.',
  args: z.strictObject({}),
  events: { done: z.object({ datasets: z.array(dataset) }) },
  http: true,
  osc: bareOsc('/foley/admin/datasets', {
    done: [{ address: '/foley/admin/dataset', args: ['dataset:s', 'clips:i', 'classes.class:*'], each: 'datasets' }],
  }),
  example: { args: {}, events: { done: { datasets: [example] } } },
});

const named = z.strictObject({ dataset: folderName.describe('data set id') });

export const datasetInfo = defineCommand({
  name: 'dataset.info',
  role: 'admin',
  doc: 'Returns all information about a data set.',
  args: named,
  events: { done: report },
  http: true,
  example: { args: { dataset: 'my-footsteps' }, events: { done: exampleReport } },
});

export const datasetRemove = defineCommand({
  name: 'dataset.remove',
  role: 'admin',
  doc: 'Removes a data set that no training uses; `dataset.restore` restores it. Voices trained on it are kept.',
  args: named,
  events: { done: z.object({ removed: z.string().describe('data set id'), until: restorableUntil }) },
  http: true,
  example: {
    args: { dataset: 'my-footsteps' },
    events: { done: { removed: 'my-footsteps', until: restorableUntilExample } },
  },
});
