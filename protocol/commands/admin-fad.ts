/** Commands that measure a voice against real recordings (FAD, KAD), and list what was measured. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { guidanceArgs, name, seed, seedNumber, understood } from './fields.ts';

const share = z.number().min(0).max(1);
const many = z.int().min(0);

const distances = z.object({
  clips: many.describe('clips included in the distances'),
  silent: many.describe('clips left out because they have no sounding patch'),
  embeddings: many.describe('their embeddings, one per included patch of 0.96 s'),
  fad: z.number().min(0).describe('Fréchet audio distance to the reference'),
  low: z.number().nullable().describe('lower bound of the 95 % confidence interval over clips; null below 8 clips'),
  high: z.number().nullable().describe('upper bound'),
  infinity: z.number().nullable().describe('FAD extrapolated to infinitely many clips; null below 8 clips'),
  r2: z.number().nullable().describe('R² of that extrapolation; 1 is a perfect line'),
  kad: z.number().nullable().describe('kernel audio distance; null if the reference holds only statistics'),
  kadError: z.number().nullable().describe('its standard error over clips'),
  named: share.describe('share of the clips that the embedder classifies as this class'),
  reference: z.object({
    embeddings: many.describe('embeddings behind the reference'),
    clips: many.nullable().describe('clips behind the reference, if it says'),
    small: z
      .boolean()
      .describe('true if there are fewer embeddings than twice their dimensions: the covariance is unreliable'),
  }),
});

const average = z.object({
  fad: z.number().min(0),
  low: z
    .number()
    .nullable()
    .describe('lower bound of the 95 % confidence interval, from those of the classes; null if one has none'),
  high: z.number().nullable().describe('upper bound'),
  infinity: z.number().nullable(),
  kad: z.number().nullable(),
  named: share,
});

/** One evaluation, as it is kept. */
export const score = z.object({
  when: z.string().describe('ISO 8601'),
  voice: z.string().describe('voice id'),
  hash: z.string().describe('hash of the voice, because an id may be reused'),
  embedder: z.string().describe('SHA-256 of the embedder; only distances by the same embedder are comparable'),
  reference: z.string().describe('reference of the distances'),
  patches: z
    .enum(['sounding', 'all'])
    .describe(
      "patches included on both sides: sounding ones, whose loudest 10 ms are within 45 dB of the clip's peak and above -50 dBFS, or all of them if the reference includes all; the two kinds of score are not comparable",
    ),
  clips: many.describe('clips per class'),
  seed: seedNumber.describe('seed of the first clip of each class'),
  temperature: z.number().nullable().describe('of the clips; null if it was not recorded'),
  guidance: z.number().nullable().describe("of the clips; null if each class used the voice's default"),
  memorised: share
    .nullable()
    .describe("share of clips that count as memorised, from the voice's card; null if the card has none"),
  classes: z.record(z.string(), distances).describe('each class of the reference'),
  average: average.describe('unweighted means over these classes'),
});

const example = {
  when: '2026-11-25T12:00:00.000Z',
  voice: 'default',
  hash: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  embedder: '583d43db2311e7817a884bfd96d7d2e4124c3244fee28bbbae31a89f5ba03b42',
  reference: 'eval clips of corpus c7ac33c0',
  patches: 'sounding' as const,
  clips: 40,
  seed: 0,
  temperature: 1,
  guidance: null,
  memorised: 0.0036,
  classes: {
    Rain: {
      clips: 40,
      silent: 0,
      embeddings: 280,
      fad: 47.0,
      low: 27.2,
      high: 72.9,
      infinity: 41.3,
      r2: 0.71,
      kad: 4.1,
      kadError: 3.2,
      named: 0.9,
      reference: { embeddings: 84, clips: 12, small: true },
    },
  },
  average: { fad: 47.0, low: 27.2, high: 72.9, infinity: 41.3, kad: 4.1, named: 0.9 },
};

export const adminFad = defineCommand({
  name: 'admin.fad',
  role: 'admin',
  doc: 'Generates clips of each class and computes their Fréchet and kernel audio distance to real clips, over sounding patches, per class.',
  args: z.strictObject({
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    classes: z
      .array(name)
      .min(1)
      .max(limits.mixClasses)
      .optional()
      .describe('only these classes')
      .meta({ fallback: 'every class of the voice' }),
    clips: z.int().min(2).max(200).default(40).describe('clips per class; fewer than 8 give no interval'),
    seed: seed.default(0).describe('seed of the first clip of each class; the following clips use the next seeds'),
    temperature: z.number().min(0).max(limits.temperatureMax).default(1).describe('as in `foley.generate`'),
    guidance: guidanceArgs.guidance.describe('as in `foley.generate`'),
    reference: name
      .optional()
      .describe(
        "name, without extension, of an .npz file of statistics or embeddings in the server's `references` folder",
      )
      .meta({ fallback: 'the real clips that ship with the embedder' }),
  }),
  events: {
    accepted: z.object({
      job: z.string().describe('job id'),
      voice: z.string().describe('voice id'),
      classes: z.array(z.string()).describe('classes to be measured'),
      missing: z.array(z.string()).describe('classes that the reference lacks'),
      understood,
    }),
    progress: z.object({
      part: z.enum(['clips', 'distances']).describe('current stage'),
      done: many.describe('finished clips or classes'),
      of: many.describe('total number'),
    }),
    class: z.object({ class: z.string(), distances }),
    done: z.object({ score, seconds: z.number().min(0).describe('duration').meta({ unit: 's' }), understood }),
  },
  http: true,
  osc: {
    address: '/foley/admin/fad',
    id: 'own',
    args: ['clips'],
    pairs: true,
    fixed: {},
    example: ['fad1', 40],
    replies: {
      accepted: [{ address: '/foley/accepted', args: ['id', 'job:s'] }],
      progress: [{ address: '/foley/progress', args: ['id', 'part:s', 'done:i', 'of:i'] }],
      class: [{ address: '/foley/fad', args: ['id', 'class:s', 'distances.fad:f', 'distances.named:f'] }],
      done: [{ address: '/foley/done', args: ['id', 'score.average.fad:f', 'seconds:f'] }],
    },
  },
  example: {
    args: { classes: ['Rain'], clips: 40 },
    events: {
      accepted: { job: 'j1', voice: 'default', classes: ['Rain'], missing: [] },
      progress: { part: 'clips', done: 12, of: 40 },
      class: { class: 'Rain', distances: example.classes.Rain },
      done: { score: example, seconds: 17.5 },
    },
  },
});

export const voiceScores = defineCommand({
  name: 'voice.scores',
  role: 'play',
  doc: 'Lists the results of `admin.fad` on this server, oldest first.',
  args: z.strictObject({ voice: name.optional().describe('only of this voice id') }),
  events: { done: z.object({ scores: z.array(score) }) },
  http: true,
  example: { args: { voice: 'default' }, events: { done: { scores: [example] } } },
});
