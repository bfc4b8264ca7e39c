/** Commands that start an endless sound, change it while it plays, end it, and keep the latest of it. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin, defineCommand } from './define.ts';
import { envelopeFromText, requestEnvelope } from './envelope.ts';
import {
  classArg,
  classFromText,
  density,
  guidanceArgs,
  name,
  pcmFormat,
  plainText,
  seedNumber,
  understood,
} from './fields.ts';
import { makingArgs } from './making.ts';

const id = name.describe('stream id, from `accepted`, or the one chosen by `as`');
const classLabel = z.union([z.string(), z.record(z.string(), z.number())]);
const level = z.number().min(-80).max(40);
const { temperature, topK, topP } = makingArgs;

/** How OSC writes mixes of classes, and envelopes. */
const words = { class: classFromText, avoid: classFromText, envelope: envelopeFromText };

/** What can change while a stream plays. */
const changing = {
  class: classArg.optional().describe('class, or mix of classes, from now on'),
  avoid: guidanceArgs.avoid,
  guidance: guidanceArgs.guidance,
  temperature: temperature.unwrap().optional().describe('temperature from now on'),
  density: density
    .unwrap()
    .optional()
    .describe('events per second from now on, instead of an `envelope`; 0 is off')
    .meta({ unit: '1/s' }),
  envelope: requestEnvelope
    .optional()
    .describe('loudness over time that it follows from now on, instead of a `density`; its last level holds after it'),
  level: level.optional().describe('gain from now on').meta({ unit: 'dB' }),
};

const seven = z.int().min(0).max(127);
const control = z
  .strictObject({
    cc: seven.optional().describe('MIDI controller'),
    midi: z
      .enum(['aftertouch', 'velocity'])
      .optional()
      .describe('or what else of MIDI: the aftertouch of the channel or of any key, or the velocity of each note'),
    channel: z.int().min(1).max(16).optional().describe('MIDI channel').meta({ fallback: 'any' }),
    set: z
      .enum(['level', 'temperature', 'guidance', 'density', 'mix'])
      .describe('what it changes; mix: the share of `class`'),
    from: z.number().describe('value at 0'),
    to: z.number().describe('value at 127'),
    class: classArg.optional().describe("for mix: the class that the stream's `class` is mixed with"),
  })
  .refine(({ cc, midi }) => (cc === undefined) !== (midi === undefined), 'expected either cc or midi');

const redrawn =
  'true: the rows from `step` on had already been sampled and were sampled again; the sound crossfades there';
const step = z.int().min(0).describe('row of the endless code grid, from 0');
const frame = z
  .int()
  .min(0)
  .optional()
  .describe('if redrawn: mel frame of `step`, from 0, at which the crossfade begins')
  .meta({ fallback: '0' });
const changes = z
  .array(
    z.strictObject({
      step: step.max(2 ** 31 - 1),
      redrawn: z.boolean().optional().describe(redrawn),
      frame,
      ...changing,
    }),
  )
  .max(limits.streamChanges)
  .default([])
  .describe('changes known in advance, each at its step, in order; those of `recipe` repeat a stream exactly');

export const streamStart = defineCommand({
  name: 'stream.start',
  role: 'play',
  doc: "Plays a class endlessly: audio is sent as it is made, at most `ahead` seconds before it is due, until `stream.stop`, until `seconds` have passed, the connection closes or, over OSC, its `lease` expires; over OSC, or with `play`, it plays on the server's audio output. Needs a voice whose code rows are time steps.",
  args: z.strictObject({
    class: classArg.describe(
      'class name (case-insensitive), id, or another word for it (`understood` tells which class that was), or a mix {name: weight} of at most 16 classes',
    ),
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    seed: makingArgs.seed,
    temperature,
    topK,
    topP,
    ...guidanceArgs,
    density,
    envelope: requestEnvelope
      .optional()
      .describe(
        'loudness over time that it follows from its beginning; its last level holds after it, until `envelope` or `density` change; only for voices that were trained with a loudness contour (`voice.info`)',
      ),
    level: level.default(0).describe('gain; samples beyond full scale are clipped').meta({ unit: 'dB' }),
    changes,
    seconds: z
      .number()
      .gt(0)
      .max(86_400)
      .optional()
      .describe(`length; required, and at most ${limits.streamSeconds}, if \`live\` is false`)
      .meta({ unit: 's', fallback: 'without end' }),
    live: z.boolean().default(true).describe('real time; false makes and sends it as fast as possible'),
    ahead: z
      .number()
      .min(0.1)
      .max(10)
      .default(1)
      .describe(
        'how far the audio may be ahead of real time; without `revise`, changes are heard after this time. At most 0.6 of it is rendered at once: a smaller value costs more processor time, and below 0.2 gaps are likely',
      )
      .meta({ unit: 's' }),
    format: pcmFormat.default('f32').describe('sample format of the audio'),
    audio: z.boolean().default(true).describe('send `audio`; never over OSC'),
    revise: z
      .boolean()
      .default(false)
      .describe(
        'changes are heard as soon as possible (0.1 to 0.2 s), whatever `ahead` is: `audio` may begin before the end of what was sent, and replaces everything from its `offset` on; not over HTTP',
      ),
    play: z.boolean().default(false).describe("play it on the server's own output; needs `live`"),
    pan: z.number().min(-1).max(1).default(0).describe('of `play`: -1 left, 1 right'),
    bus: z.int().min(0).max(31).default(0).describe('of `play`: pair of output channels'),
    controls: z
      .array(control)
      .max(16)
      .default([])
      .describe(
        'MIDI controllers, aftertouch or velocity that change it while it plays, as `stream.set` does, at most ten times a second',
      ),
    lease: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .describe(
        'over OSC, where a client cannot be seen to leave: how long the stream continues without a message from its client. Any message renews the lease, `/foley/ping` included, and so does `stream.set` or `stream.keep` from any client; 0 never expires, if the server allows that',
      )
      .meta({ unit: 's', fallback: `${limits.streamQuietMs / 1000}, or as the server is set` }),
    as: name
      .optional()
      .describe('stream id of your choice, for controllers that cannot read a generated one')
      .meta({ fallback: 'an id that cannot be guessed' }),
  }),
  events: {
    accepted: z.object({
      stream: id,
      seed: seedNumber,
      voice: z.string().describe('voice id'),
      class: classLabel.describe("class name in the voice's spelling, or the mix"),
      rate: z.int().describe("the voice's sample rate").meta({ unit: 'Hz' }),
      stepSeconds: z.number().describe('length of one row of the code grid').meta({ unit: 's' }),
      device: z.string().nullable().optional().describe('of `play`: the output device; null if there is none'),
      recipe: z
        .looseObject({})
        .optional()
        .describe('recipe at the start; the one in `done` also has the length and the changes'),
      understood,
    }),
    audio: z.object({
      step,
      offset: z
        .int()
        .min(0)
        .describe('first sample frame of this chunk; with `revise` it may have been sent before')
        .meta({ unit: 'frames' }),
      rate: z.int().describe('sample rate').meta({ unit: 'Hz' }),
      channels: z.int().min(1).describe('always 1 in this version'),
      format: pcmFormat,
      pcm: bin('samples of this chunk'),
    }),
    changed: z.object({
      step: step.describe('first row that the change applies to'),
      redrawn: z.boolean().optional().describe(redrawn),
      frame,
      class: classLabel.optional(),
      avoid: classLabel.optional(),
      guidance: z.number().optional(),
      temperature: z.number().optional(),
      density: z.number().optional().meta({ unit: '1/s' }),
      envelope: z
        .looseObject({})
        .optional()
        .describe('the envelope, with the levels of its clip or recording in its place'),
      level: z.number().optional().meta({ unit: 'dB' }),
      understood,
    }),
    done: z.object({
      stream: id,
      seconds: z.number().min(0).describe('length of the audio that was sent').meta({ unit: 's' }),
      gaps: z.int().min(0).describe('chunks that were late, and the gaps in `play` that they caused'),
      ended: z.enum(['quiet']).optional().describe('quiet: its lease expired'),
      recipe: z
        .looseObject({})
        .describe('recipe; its `stream.args` are the arguments of `stream.start` that repeat this stream exactly'),
    }),
  },
  sound: true,
  osc: {
    address: '/foley/stream/start',
    id: 'own',
    args: ['class'],
    pairs: true,
    words,
    fixed: { audio: false, revise: false, play: true, live: true },
    example: ['s1', 'Rain', 'as', 'rain', 'level', -6],
    replies: {
      accepted: [{ address: '/foley/stream/started', args: ['id', 'stream:s', 'seed:n', 'voice:s'] }],
      changed: [
        {
          address: '/foley/stream/changed',
          args: ['id', 'step:i', 'temperature:?', 'guidance:?', 'level:?', 'density:?'],
        },
        // Of a single number there nobody could say what it is.
        {
          address: '/foley/stream/value',
          args: ['id', 'step:i'],
          named: ['class', 'avoid', 'temperature', 'guidance', 'level', 'density'],
        },
      ],
      done: [{ address: '/foley/stream/done', args: ['id', 'stream:s', 'seconds:f', 'gaps:i', 'ended:?'] }],
    },
  },
  example: {
    args: { class: 'Rain', seed: 42, level: -6 },
    events: {
      accepted: {
        stream: '4f2c4e5d6a7b8190',
        seed: 42,
        voice: 'default',
        class: 'Rain',
        rate: 22050,
        stepSeconds: 0.093,
      },
      audio: {
        step: 0,
        offset: 0,
        rate: 22050,
        channels: 1,
        format: 'f32',
        pcm: new Uint8Array([0, 0, 0, 63, 0, 0, 128, 190]),
      },
      changed: { step: 31, class: { Rain: 0.5, Keyboard: 0.5 } },
      done: {
        stream: '4f2c4e5d6a7b8190',
        seconds: 20,
        gaps: 0,
        recipe: { seed: 42, stream: { offset: 0, args: { class: 'Rain', seed: 42, seconds: 20, live: false } } },
      },
    },
  },
});

export const streamSet = defineCommand({
  name: 'stream.set',
  role: 'play',
  doc: "Changes a stream while it plays: from the end of what was sent or, with `revise` or on the server's audio output, as soon as possible. Rows that were already sampled are sampled again for that; if there is no time, the change applies from the next row. The stream's `changed` event says when.",
  args: z
    .strictObject({ stream: id, ...changing })
    .refine(({ stream: _, ...rest }) => Object.values(rest).some((value) => value !== undefined), {
      error: 'expected at least one of class, avoid, guidance, temperature, density, envelope, level',
    }),
  events: { done: z.object({ stream: id }) },
  http: true,
  osc: {
    address: '/foley/stream/set',
    id: 'target',
    args: ['stream'],
    pairs: true,
    words,
    fixed: {},
    example: ['rain', 'level', -3, 'class', 'Rain:1+Keyboard:1'],
    replies: {},
  },
  example: {
    args: { stream: '4f2c4e5d6a7b8190', class: { Rain: 0.5, Keyboard: 0.5 }, level: -3 },
    events: { done: { stream: '4f2c4e5d6a7b8190' } },
  },
});

export const streamStop = defineCommand({
  name: 'stream.stop',
  role: 'play',
  doc: 'Ends a stream; its `stream.start` then ends with `done`.',
  args: z.strictObject({ stream: id }),
  events: { done: z.object({ stream: id }) },
  http: true,
  osc: {
    address: '/foley/stream/stop',
    id: 'target',
    args: ['stream'],
    pairs: false,
    fixed: {},
    example: ['rain'],
    replies: {},
  },
  example: {
    args: { stream: '4f2c4e5d6a7b8190' },
    events: { done: { stream: '4f2c4e5d6a7b8190' } },
  },
});

export const streamKeep = defineCommand({
  name: 'stream.keep',
  role: 'play',
  doc: 'Saves the latest seconds of a stream as a clip, after the fact; its recipe repeats the stream.',
  args: z.strictObject({
    stream: id,
    seconds: z
      .number()
      .gt(0)
      .max(limits.streamKeepSeconds)
      .describe('how much to save, at most what was sent')
      .meta({ unit: 's' }),
    name: plainText.optional().describe('name of the clip'),
  }),
  events: {
    done: z.object({
      clip: z.string().describe('clip id'),
      seconds: z.number().min(0).meta({ unit: 's' }),
      url: z.string().describe('URL path of its WAV on the HTTP port'),
      path: z.string().describe('file path of its WAV'),
    }),
  },
  http: true,
  osc: {
    address: '/foley/stream/keep',
    id: 'target',
    args: ['stream', 'seconds'],
    pairs: true,
    fixed: {},
    example: ['rain', 20],
    replies: { done: [{ address: '/foley/stream/kept', args: ['clip:s', 'seconds:f', 'path:s'] }] },
  },
  example: {
    args: { stream: '4f2c4e5d6a7b8190', seconds: 20 },
    events: {
      done: {
        clip: '9f2c4e5d6a7b8190',
        seconds: 20,
        url: '/clips/9f2c4e5d6a7b8190.wav',
        path: '/home/me/foleyd/clips/9f2c4e5d6a7b8190.wav',
      },
    },
  },
});
