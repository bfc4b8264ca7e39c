import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin, type OscReply } from './define.ts';
import { guidanceArgs, pcmFormat, seed, seedNumber } from './fields.ts';

/** What every command that makes clips takes and tells. */

const index = z.int().min(0).describe('which clip of `count`, from 0');
const rate = z.int().describe('sample rate').meta({ unit: 'Hz' });
const channels = z.int().min(1).describe('interleaved channels; 1 today');
const ms = z.number().min(0).meta({ unit: 'ms' });

const clip = z.object({
  index,
  clip: z.string().describe('clip id'),
  seed: seedNumber.describe('seed that makes this clip alone again'),
  score: z.number().optional().describe('by which it was chosen, with `candidates` above 1; the higher the better'),
  url: z.string().optional().describe('path of its WAV on the HTTP port, when saved'),
  path: z.string().optional().describe('path of its WAV on disk, when saved'),
});

const timings = z.object({
  queueMs: ms.optional().describe('waited for the engine'),
  firstRowMs: ms.optional().describe('start to first row'),
  firstPreviewMs: ms.nullable().optional().describe('start to first preview; null without one'),
  sampleMs: ms.optional().describe('sampling the codes, all clips'),
  decodeMs: ms.optional().describe('codes to mel, all clips'),
  vocodeMs: ms.optional().describe('mel to audio, all clips'),
  totalMs: ms.describe('accepted to done'),
});

/** How codes are drawn, how many clips there shall be, and what of them is sent. */
export const makingArgs = {
  seed: seed.optional().describe('uint32, as number or decimal string').meta({ fallback: 'drawn by the server' }),
  temperature: z
    .number()
    .min(0)
    .max(limits.temperatureMax)
    .default(1)
    .describe('0 takes the likeliest code each time, 1 samples as trained'),
  topK: z.int().min(0).max(limits.topKMax).default(0).describe('sample among the k likeliest codes; 0 is off'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('sample among the likeliest codes that together hold this probability; 1 is off'),
  ...guidanceArgs,
  count: z.int().min(1).max(limits.count).default(1).describe('how many clips; clip i uses seed + i modulo 2^32'),
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
  save: z.boolean().default(false).describe("write a WAV into the server's clip folder"),
  keep: z
    .boolean()
    .default(false)
    .describe('go on when this connection ends; `foley.attach` tells everything again, for ten minutes after the end'),
};

const some = (doc: string) => z.number().min(0).max(limits.seconds).optional().describe(doc).meta({ unit: 's' });

/** What is done to the sound before it is handed over, in this order; previews stay as they are. */
export const shapeArgs = {
  trim: some('cut off the beginning'),
  length: z
    .number()
    .gt(0)
    .max(limits.seconds)
    .optional()
    .describe("seconds that are wanted: less is cut at a quiet place, more than the voice's clip goes on from its end")
    .meta({ unit: 's', fallback: "what the voice's clips have" }),
  exact: z.boolean().default(false).describe('cut to the sample, wherever that is'),
  reverse: z.boolean().default(false).describe('play it backwards'),
  fadeIn: some('fade at the beginning'),
  fadeOut: some('fade at the end'),
  gain: z
    .number()
    .min(-80)
    .max(40)
    .default(0)
    .describe('louder or softer; beyond full scale is clipped')
    .meta({ unit: 'dB' }),
};

export const madeEvents = {
  accepted: z.object({
    job: z.string().describe('job id, unique in this server'),
    seed: seedNumber.describe('seed of clip 0'),
    voice: z.string().describe('voice id'),
    class: z
      .union([z.string(), z.record(z.string(), z.number())])
      .describe('class name as the voice spells it, or the mix'),
    count: z.int().min(1).describe('how many clips will come'),
  }),
  row: z.object({
    index,
    row: z.int().min(0).describe('finished row of the grid, from 0'),
    rows: z.int().min(1).describe('rows in all'),
    codes: z.array(z.int().min(0)).describe('codes of this row, left to right'),
  }),
  candidate: z.object({
    index,
    candidate: z.int().min(0).describe('which of `candidates`, from 0; told when all of this clip are made'),
    seed: seedNumber.describe('seed that makes this candidate alone'),
    score: z.number().describe('`posterior`, and the log-probability that it is real where the voice can tell'),
    posterior: z.number().describe('log-probability of the wanted class, by the embedder'),
    real: z.number().nullable().describe('log-odds that it is a real clip; null where the voice has no ranking'),
    rejected: z
      .enum(['silent', 'late', 'alike'])
      .nullable()
      .describe('what speaks against it: such a one is handed over only if every other is rejected, too'),
    chosen: z.boolean(),
  }),
  preview: z.object({
    index,
    codebooks: z.int().min(1).describe('codebooks finished so far; the sound gets finer with each'),
    rate,
    channels,
    format: pcmFormat,
    seconds: z
      .number()
      .min(0)
      .optional()
      .describe('of the clip from its beginning, of a voice whose rows go along time; without, the whole clip')
      .meta({ unit: 's' }),
    pcm: bin('the clip as far as it is known'),
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
    timings: timings.describe('where the time went'),
    clips: z.array(clip).describe('one entry per clip'),
  }),
};

/** How clips that are saved are told over OSC. */
export const madeReplies: Record<string, readonly OscReply[]> = {
  accepted: [{ address: '/foley/accepted', args: ['id', 'job:s', 'seed:n'] }],
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
