import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { classArg, name, seedNumber } from './fields.ts';
import { madeEvents, madeExample, makingArgs } from './making.ts';

const { keep: _, count: __, ...making } = makingArgs;
const share = z.number().min(0).max(1);
const many = z.int().min(0);

const measured = z.object({
  when: z.string().describe('ISO 8601'),
  embedder: z.string().describe('SHA-256 of the embedder'),
  reference: z.string().describe('reference of the distances'),
  clips: many.describe('clips per class'),
  average: z.number().min(0).describe('mean Fréchet audio distance over the classes'),
  classes: z.record(z.string(), z.object({ fad: z.number().min(0), named: share })).describe('of each class'),
});

const compared = z.object({
  voice: z.string().describe('voice id'),
  name: z.string().describe('display name'),
  hash: z.string().describe('SHA-256 of its graphs, hex'),
  active: z.boolean(),
  preset: z.string().nullable().describe('preset it was trained with'),
  created: z.string().nullable().describe('ISO 8601'),
  licence: z.string().nullable(),
  base: z.string().nullable().describe('id of the voice it was fine-tuned from'),
  classes: z.array(z.string()).describe('names, in the order of ids'),
  rate: z.int().describe('its own sample rate').meta({ unit: 'Hz' }),
  seconds: z.number().min(0).describe('length of its clips').meta({ unit: 's' }),
  bytes: many.describe('size of its graphs, including embedded base voices'),
  data: z
    .record(z.string(), z.object({ train: many, eval: many }))
    .nullable()
    .describe('training and evaluation clips per class, if its card says'),
  training: z
    .record(z.string(), z.object({ steps: many.nullable(), minutes: z.number().min(0).nullable() }))
    .describe('of each stage, if its card says'),
  measured: measured.nullable().describe('latest `admin.fad` result on this server; null if there is none'),
});

const { clip: _clip, ...clipFields } = madeEvents.done.shape.clips.element.shape;

export const voiceCompare = defineCommand({
  name: 'voice.compare',
  role: 'play',
  doc: 'Compares voices: their cards and scores and, if a class is given, clips of the same seeds and settings from each, as one job.',
  args: z
    .strictObject({
      voices: z.array(name).min(2).max(limits.compareVoices).describe('voice ids, in playing order'),
      class: classArg
        .optional()
        .describe(
          'class by name (case does not matter), by its id in the first voice, or a mix; every voice must have it',
        )
        .meta({ fallback: 'only the cards are compared' }),
      ...making,
      count: z
        .int()
        .min(1)
        .max(limits.count / limits.compareVoices)
        .default(1)
        .describe('clips per voice; clip k of each uses seed + k modulo 2^32'),
    })
    .refine(({ voices }) => new Set(voices).size === voices.length, {
      error: 'expected different voices; one is named twice',
      path: ['voices'],
    }),
  events: {
    accepted: madeEvents.accepted.omit({ voice: true }).extend({
      voices: z.array(z.string()).describe('voice ids: clip i is from voice floor(i / (count / voices))'),
    }),
    row: madeEvents.row,
    preview: madeEvents.preview,
    audio: madeEvents.audio,
    done: z.object({
      voices: z.array(compared),
      alike: z
        .boolean()
        .describe(
          'true if all were measured alike (same embedder, reference, classes and number of clips), so that the distances are comparable',
        ),
      clips: z
        .array(
          z.object({
            ...clipFields,
            clip: _clip,
            voice: z.string().describe('voice id'),
            seed: seedNumber.describe('seed that reproduces this clip by itself'),
            seconds: z.number().min(0).meta({ unit: 's' }),
          }),
        )
        .describe('one entry per clip, grouped by voice; empty without a class'),
      timings: madeEvents.done.shape.timings.nullable().describe('time spent in each stage; null without a class'),
      understood: madeEvents.done.shape.understood,
    }),
  },
  http: true,
  example: {
    args: { voices: ['default', 'mine'], class: 'DogBark', seed: 42 },
    events: {
      accepted: { job: 'j1', seed: 42, voices: ['default', 'mine'], class: 'DogBark', count: 2 },
      row: madeExample.row,
      preview: madeExample.preview,
      audio: madeExample.audio,
      done: {
        voices: [
          {
            voice: 'mine',
            name: 'My roosters',
            active: false,
            preset: 'rvq',
            created: '2026-11-25T14:52:04Z',
            hash: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
            licence: 'CC0-1.0',
            base: 'default',
            classes: ['DogBark', 'Rooster'],
            rate: 22050,
            seconds: 4,
            bytes: 24_000_000,
            data: { Rooster: { train: 28, eval: 3 } },
            training: { prior: { steps: 1200, minutes: 12 } },
            measured: {
              when: '2026-11-25T15:00:00.000Z',
              reference: 'eval clips of corpus c7ac33c0',
              clips: 40,
              embedder: '583d43db2311e7817a884bfd96d7d2e4124c3244fee28bbbae31a89f5ba03b42',
              average: 58.1,
              classes: { DogBark: { fad: 61.2, named: 0.9 } },
            },
          },
        ],
        alike: false,
        clips: [{ ...madeExample.done.clips[0]!, voice: 'mine', seconds: 4 }],
        timings: madeExample.done.timings,
      },
    },
  },
});
