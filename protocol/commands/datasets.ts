import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, defineCommand } from './define.ts';
import { folderName, name, newClass } from './fields.ts';

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
  source: z.string().describe('where the recordings came from'),
  clips: many.describe('clips that can be trained on'),
  minutes: minutes.describe('of clips'),
  originals: many.describe('recordings the clips were cut from'),
  minutesSilent: minutes.describe('of silence that was left out'),
  classes: z.array(
    z.object({
      class: z.string(),
      clips: many,
      train: many.describe('clips that are learned from'),
      eval: many.describe('clips that are kept for examination, of other recordings'),
      originals: many,
      minutes,
    }),
  ),
});

const report = dataset.extend({
  silent: some('clips below -60 dBFS'),
  clipped: some('clips that reach full scale and stay there'),
  duplicates: some('pairs of clips of different recordings that are nearly the same'),
  dropped: some(
    'clips for examination that were left out because they are nearly the same as one that is learned from',
  ),
});

const example = {
  ...{
    dataset: 'my-footsteps',
    created: '2026-11-25T12:00:00.000Z',
    licence: 'CC0-1.0',
    author: 'me',
    notes: 'kitchen',
  },
  ...{ source: 'upload', clips: 31, minutes: 0.9, originals: 30, minutesSilent: 0.2 },
  classes: [{ class: 'CreakyFloor', clips: 31, train: 28, eval: 3, originals: 30, minutes: 0.9 }],
};
const nothing = { count: 0, files: [] };
const exampleReport = { ...example, silent: nothing, clipped: nothing, duplicates: nothing, dropped: nothing };

export const datasetUpload = defineCommand({
  name: 'dataset.upload',
  role: 'admin',
  doc: 'Takes a piece of a recording. The pieces of a file come in order; `dataset.add` makes a data set of all files.',
  args: z.strictObject({
    upload: folderName.describe('a name of your own for these recordings; the first piece begins it'),
    file: name.describe('`name.wav`, or `Class/name.wav`; WAV, FLAC, Ogg, MP3 or AIFF'),
    offset: z
      .int()
      .min(0)
      .default(0)
      .describe('where in the file: as many bytes as are here; 0 begins it anew')
      .meta({ unit: 'bytes' }),
    data: z.base64().max(limits.uploadChunkChars).describe('base64 of the bytes'),
  }),
  events: {
    done: z.object({ upload: z.string(), file: z.string(), bytes: many.describe('of this file that are here now') }),
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
  doc: 'Makes a data set of recordings: cuts them at quiet points, drops silence, splits them by recording, looks for what is broken or there twice.',
  args: z
    .strictObject({
      dataset: folderName.describe('id of the new data set'),
      upload: folderName.optional().describe('recordings that came by `dataset.upload`; gone afterwards'),
      folder: z
        .string()
        .min(1)
        .max(limits.payloadChars)
        .optional()
        .describe('or a folder of the server, inside one that `--dataset-folder` allows'),
      clips: z.array(name).min(1).max(limits.entries).optional().describe('or saved clips, by id'),
      starred: z.boolean().optional().describe('or every starred clip'),
      class: newClass
        .optional()
        .describe('what all of it is')
        .meta({ fallback: "a folder per class; a clip's own class" }),
      seconds: z.number().min(0.5).max(60).default(4).describe('length of the longest clip').meta({ unit: 's' }),
      licence: name
        .default('unknown')
        .describe('of the recordings; the credits of every voice that learns from them have it'),
      author: name.default('unknown').describe('who recorded them'),
      notes: z.string().max(limits.notesChars).default('').describe('for people'),
    })
    .refine(
      ({ upload, folder, clips, starred }) =>
        [upload, folder, clips, starred === true ? true : undefined].filter((x) => x !== undefined).length === 1,
      'expected one of upload, folder, clips and starred',
    ),
  events: {
    accepted: z.object({ dataset: z.string() }),
    progress: z.object({
      file: z.string().describe('recording that was cut'),
      clips: many.describe('that it gave'),
      done: many.describe('recordings so far'),
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
  doc: 'Says all that is known of a data set.',
  args: named,
  events: { done: report },
  http: true,
  example: { args: { dataset: 'my-footsteps' }, events: { done: exampleReport } },
});

export const datasetRemove = defineCommand({
  name: 'dataset.remove',
  role: 'admin',
  doc: 'Removes a data set that no training needs any more. Voices that learned from it stay.',
  args: named,
  events: { done: z.object({ removed: z.string().describe('data set id') }) },
  http: true,
  example: { args: { dataset: 'my-footsteps' }, events: { done: { removed: 'my-footsteps' } } },
});
