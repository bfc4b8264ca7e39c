import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { guidanceArgs, name, seed, seedNumber } from './fields.ts';

const share = z.number().min(0).max(1);
const many = z.int().min(0);

const distances = z.object({
  clips: many.describe('clips that count in the distances'),
  silent: many.describe('clips that do not, because none of their patches sounds'),
  embeddings: many.describe('embeddings of them, one per 0.96 s patch that counts'),
  fad: z.number().min(0).describe('Fréchet audio distance to the reference'),
  low: z.number().nullable().describe('lower bound of its 95 % interval over clips; null below 8 clips'),
  high: z.number().nullable().describe('upper bound'),
  infinity: z.number().nullable().describe('FAD at endlessly many clips, extrapolated; null below 8 clips'),
  r2: z.number().nullable().describe('how straight the line to it is, 1 is perfectly'),
  kad: z.number().nullable().describe('kernel audio distance; null where the reference holds statistics alone'),
  kadError: z.number().nullable().describe('its standard error over clips'),
  named: share.describe('share of the clips that the embedder takes for this class'),
  reference: z.object({
    embeddings: many.describe('embeddings behind the reference'),
    clips: many.nullable().describe('clips behind it, where it says'),
    small: z.boolean().describe('fewer embeddings than twice their numbers: the covariance is mostly a guess'),
  }),
});

const average = z.object({
  fad: z.number().min(0),
  low: z
    .number()
    .nullable()
    .describe('lower bound of its 95 % interval over clips, from those of the classes; null where one has none'),
  high: z.number().nullable().describe('upper bound'),
  infinity: z.number().nullable(),
  kad: z.number().nullable(),
  named: share,
});

/** One evaluation, as it is kept. */
export const score = z.object({
  when: z.string().describe('ISO 8601'),
  voice: z.string().describe('voice id'),
  hash: z.string().describe("the voice's hash: a name may come to mean another voice"),
  embedder: z.string().describe('SHA-256 of the embedder; only distances by one embedder compare'),
  reference: z.string().describe('what they are distances to'),
  patches: z
    .enum(['sounding', 'all'])
    .describe(
      "patches that count, on both sides: sounding ones, whose loudest 10 ms lie within 45 dB of the clip's peak and above -50 dBFS, or all where the reference counts all; scores of the two do not compare",
    ),
  clips: many.describe('clips of each class'),
  seed: seedNumber.describe('seed of the first clip of each class'),
  temperature: z.number().nullable().describe('of the clips; null where it was not kept'),
  guidance: z.number().nullable().describe("of the clips; null where each class had the voice's default"),
  memorised: share
    .nullable()
    .describe("share of clips that count as memorised, from the voice's card; null if the card has none"),
  classes: z.record(z.string(), distances).describe('each class that the reference knows'),
  average: average.describe('plain means over these classes'),
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
      ...{ clips: 40, silent: 0, embeddings: 280, fad: 47.0, low: 27.2, high: 72.9, infinity: 41.3, r2: 0.71 },
      ...{ kad: 4.1, kadError: 3.2, named: 0.9, reference: { embeddings: 84, clips: 12, small: true } },
    },
  },
  average: { fad: 47.0, low: 27.2, high: 72.9, infinity: 41.3, kad: 4.1, named: 0.9 },
};

export const adminFad = defineCommand({
  name: 'admin.fad',
  role: 'admin',
  doc: 'Makes clips of each class and says how far they lie from real ones: Fréchet and kernel audio distance of their sounding patches, class by class.',
  args: z.strictObject({
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    classes: z
      .array(name)
      .min(1)
      .max(limits.mixClasses)
      .optional()
      .describe('only these classes')
      .meta({ fallback: 'every class of the voice' }),
    clips: z.int().min(2).max(200).default(40).describe('clips of each class; fewer than 8 give no interval'),
    seed: seed.default(0).describe('seed of the first clip of each class; the next ones count up'),
    temperature: z.number().min(0).max(limits.temperatureMax).default(1).describe('as in `foley.generate`'),
    guidance: guidanceArgs.guidance.describe('as in `foley.generate`'),
    reference: name
      .optional()
      .describe(
        "a .npz of statistics or embeddings in the server's `references` folder, by its name without the ending",
      )
      .meta({ fallback: 'real clips that come with the embedder' }),
  }),
  events: {
    accepted: z.object({
      job: z.string().describe('job id'),
      voice: z.string().describe('voice id'),
      classes: z.array(z.string()).describe('classes that will be measured'),
      missing: z.array(z.string()).describe('classes the reference does not know'),
    }),
    progress: z.object({
      part: z.enum(['clips', 'distances']).describe('what is going on'),
      done: many.describe('clips, or classes, so far'),
      of: many.describe('how many there will be'),
    }),
    class: z.object({ class: z.string(), distances }),
    done: z.object({ score, seconds: z.number().min(0).describe('that it took').meta({ unit: 's' }) }),
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
  doc: 'Lists what `admin.fad` has measured here, oldest first.',
  args: z.strictObject({ voice: name.optional().describe('only of this voice id') }),
  events: { done: z.object({ scores: z.array(score) }) },
  http: true,
  example: { args: { voice: 'default' }, events: { done: { scores: [example] } } },
});
