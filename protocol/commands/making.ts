import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin, type OscReply } from './define.ts';
import { requestEnvelope } from './envelope.ts';
import { density, guidanceArgs, pcmFormat, seed, seedNumber, understood } from './fields.ts';
import { spectrum } from './spectrum.ts';

/** What every command that makes clips takes and tells. */

const index = z.int().min(0).describe('index of the clip within `count`, from 0');
const rate = z.int().describe('sample rate').meta({ unit: 'Hz' });
const channels = z.int().min(1).describe('interleaved channels; always 1 in this version');
const ms = z.number().min(0).meta({ unit: 'ms' });

const clip = z.object({
  index,
  clip: z.string().describe('clip id'),
  seed: seedNumber.describe('seed that reproduces this clip by itself'),
  score: z.number().optional().describe('score that selected it, if `candidates` is above 1; higher is better'),
  url: z.string().optional().describe('URL path of its WAV on the HTTP port, if saved'),
  path: z.string().optional().describe('file path of its WAV, if saved'),
});

const timings = z.object({
  queueMs: ms.optional().describe('waiting for the engine'),
  firstRowMs: ms.optional().describe('start to first row'),
  firstPreviewMs: ms.nullable().optional().describe('start to first preview; null if there was none'),
  sampleMs: ms.optional().describe('sampling the codes, all clips'),
  decodeMs: ms.optional().describe('codes to mel, all clips'),
  vocodeMs: ms.optional().describe('mel to audio, all clips'),
  totalMs: ms.describe('accepted to done'),
});

/** How codes are drawn, how many clips there shall be, and what of them is sent. */
export const makingArgs = {
  seed: seed
    .optional()
    .describe('uint32, as a number or a decimal string')
    .meta({ fallback: 'chosen at random by the server' }),
  temperature: z
    .number()
    .min(0)
    .max(limits.temperatureMax)
    .default(1)
    .describe('divides the logits; 0 always takes the most likely code, 1 samples the trained distribution'),
  topK: z.int().min(0).max(limits.topKMax).default(0).describe('sample from the k most likely codes; 0 is off'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('sample from the most likely codes that together have this probability (nucleus sampling); 1 is off'),
  ...guidanceArgs,
  guideFollowed: z
    .boolean()
    .optional()
    .describe(
      'whether guidance also strengthens the loudness contour and the average spectrum that the clip follows, by steering away from a clip that follows neither',
    )
    .meta({ fallback: "the voice's default for the class" }),
  density,
  envelope: requestEnvelope
    .optional()
    .describe(
      'loudness over time that the clip follows, from its beginning after `trim`; only for voices that were trained with a loudness contour (`voice.info`)',
    ),
  spectrum: spectrum
    .optional()
    .describe(
      'long-term average spectrum that the clip follows, as an EQ match does; only for voices that were trained with one (`voice.info`)',
    ),
  count: z.int().min(1).max(limits.count).default(1).describe('number of clips; clip i uses seed + i modulo 2^32'),
  format: pcmFormat.default('f32').describe('sample format of previews and audio'),
  rate: z
    .int()
    .min(limits.rateMin)
    .max(limits.rateMax)
    .optional()
    .describe('output rate')
    .meta({ unit: 'Hz', fallback: "the voice's rate" }),
  previews: z.boolean().default(false).describe('send `preview` events'),
  rows: z.boolean().default(true).describe('send `row` events'),
  audio: z.boolean().default(true).describe('send `audio` events'),
  live: z
    .boolean()
    .optional()
    .describe(
      "for sound that is played as it arrives: `audio` in smaller chunks in quick succession, whose samples equal those of the clip within 1e-5; only for voices whose rows are time steps, and for one clip at the voice's rate that is neither edited nor saved",
    )
    .meta({ fallback: 'false' }),
  patient: z
    .boolean()
    .optional()
    .describe('low priority: the clips of all other jobs are made first')
    .meta({ fallback: 'false' }),
  save: z.boolean().default(false).describe("write a WAV into the server's clip folder"),
  keep: z
    .boolean()
    .default(false)
    .describe(
      'continue if this connection closes, or the server restarts; `foley.attach` repeats all events until ten minutes after the end, after a restart those of the clips that were not saved before it',
    ),
};

const some = (doc: string) => z.number().min(0).max(limits.seconds).optional().describe(doc).meta({ unit: 's' });

/** What is done to the sound before it is handed over, in this order; previews stay as they are. */
export const shapeArgs = {
  trim: some('remove this much from the beginning'),
  length: z
    .number()
    .gt(0)
    .max(limits.seconds)
    .optional()
    .describe(
      "wanted length: below that of the voice's clips, a clip is cut at a quiet point; above, continued from its end",
    )
    .meta({ unit: 's', fallback: "the length of the voice's clips" }),
  exact: z.boolean().default(false).describe('cut exactly at `length` instead of at a quiet point'),
  reverse: z.boolean().default(false).describe('reverse the audio'),
  fadeIn: some('fade-in time'),
  fadeOut: some('fade-out time'),
  gain: z
    .number()
    .min(-80)
    .max(40)
    .default(0)
    .describe('gain; samples beyond full scale are clipped')
    .meta({ unit: 'dB' }),
};

export const madeEvents = {
  accepted: z.object({
    job: z.string().describe('job id, unique in this server'),
    seed: seedNumber.describe('seed of clip 0'),
    voice: z.string().describe('voice id'),
    class: z
      .union([z.string(), z.record(z.string(), z.number())])
      .describe("class name in the voice's spelling, or the mix"),
    count: z.int().min(1).describe('number of clips'),
    understood,
  }),
  row: z.object({
    index,
    row: z.int().min(0).describe('index of the finished row of the code grid, from 0'),
    rows: z.int().min(1).describe('total rows'),
    codes: z.array(z.int().min(0)).describe('codes of this row, left to right'),
  }),
  candidate: z.object({
    index,
    candidate: z
      .int()
      .min(0)
      .describe('index within `candidates`, from 0; sent when all candidates of this clip are finished'),
    seed: seedNumber.describe('seed that reproduces this candidate by itself'),
    score: z.number().describe('`posterior`, plus the log-probability of being real if the voice has a ranking'),
    posterior: z.number().describe("log-probability of the requested class by the voice's embedder"),
    real: z.number().nullable().describe('log-odds of being a real clip; null if the voice has no ranking'),
    rejected: z
      .enum(['silent', 'late', 'memorised', 'alike'])
      .nullable()
      .describe('reason for rejection; a rejected candidate is chosen only if all are rejected'),
    chosen: z.boolean(),
  }),
  preview: z.object({
    index,
    codebooks: z.int().min(1).describe('codebooks finished so far; each adds detail'),
    rate,
    channels,
    format: pcmFormat,
    seconds: z
      .number()
      .min(0)
      .optional()
      .describe(
        'length of the preview from the start of the clip, for voices whose rows are time steps; absent for a preview of the whole clip',
      )
      .meta({ unit: 's' }),
    pcm: bin('audio of the preview'),
  }),
  audio: z.object({
    index,
    offset: z.int().min(0).describe('first sample frame of this chunk').meta({ unit: 'frames' }),
    total: z.int().min(0).describe('sample frames of the whole clip').meta({ unit: 'frames' }),
    rate,
    channels,
    format: pcmFormat,
    pcm: bin('samples of this chunk'),
  }),
  done: z.object({
    clip: z.string().describe('id of clip 0'),
    seconds: z.number().min(0).describe('length of each clip').meta({ unit: 's' }),
    timings: timings.describe('time spent in each stage'),
    clips: z.array(clip).describe('one entry per clip'),
    // HTTP answers with this alone.
    understood,
  }),
};

/** How clips that are saved are told over OSC. */
export const madeReplies: Record<string, readonly OscReply[]> = {
  accepted: [
    { address: '/foley/accepted', args: ['id', 'job:s', 'seed:n'] },
    { address: '/foley/understood', args: ['id', 'name:s', 'class:s'], each: 'understood' },
  ],
  row: [{ address: '/foley/row', args: ['id', 'row:i', 'rows:i'] }],
  done: [
    { address: '/foley/clip', args: ['id', 'index:i', 'path:s', 'seed:n', 'clip:s'], each: 'clips', atLeast: 2 },
    { address: '/foley/done', args: ['id', 'clips.0.path:s', 'seconds:f', 'clip:s'] },
  ],
};

/** Over OSC a clip is a file. */
export const madeFixed = { save: true, audio: false, previews: false };

export const madeExample: { [K in keyof typeof madeEvents]: z.input<(typeof madeEvents)[K]> } = {
  accepted: { job: 'j1', seed: 42, voice: 'default', class: 'DogBark', count: 1 },
  row: { index: 0, row: 0, rows: 40, codes: [17, 3, 498] },
  candidate: {
    index: 0,
    candidate: 1,
    seed: 2_462_723_854,
    score: -0.74,
    posterior: -0.05,
    real: 0.01,
    rejected: null,
    chosen: true,
  },
  preview: {
    index: 0,
    codebooks: 1,
    rate: 48000,
    channels: 1,
    format: 'f32',
    pcm: new Uint8Array([0, 0, 0, 63, 0, 0, 128, 190]),
  },
  audio: {
    index: 0,
    offset: 0,
    total: 2,
    rate: 48000,
    channels: 1,
    format: 'f32',
    pcm: new Uint8Array([0, 0, 0, 63, 0, 0, 128, 190]),
  },
  done: {
    clip: '9f2c4e5d6a7b8190',
    seconds: 4,
    timings: {
      queueMs: 1,
      firstRowMs: 60,
      firstPreviewMs: 700,
      sampleMs: 1900,
      decodeMs: 40,
      vocodeMs: 300,
      totalMs: 2300,
    },
    clips: [
      {
        index: 0,
        clip: '9f2c4e5d6a7b8190',
        seed: 42,
        url: '/clips/9f2c4e5d6a7b8190.wav',
        path: '/home/me/foleyd/clips/9f2c4e5d6a7b8190.wav',
      },
    ],
  },
};
