import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, bin, defineCommand } from './define.ts';
import {
  candidates,
  classArg,
  classFromText,
  guidanceArgs,
  name,
  pcmFormat,
  seedNumber,
  understood,
} from './fields.ts';

const seven = z.int().min(0).max(127);
const channel = z.int().min(1).max(16).optional().describe('MIDI channel').meta({ fallback: 'any' });

/** Printable, without what OSC keeps for patterns, and not one of ours. */
const address = z
  .string()
  .regex(/^\/(?!foley(?:\/|$))[!"$-)+\-./0-9:;<=>@A-Z\\^_`a-z|~]{1,127}$/, 'expected an OSC address not below /foley');

/** What fires a trigger; none fires by its id alone. */
export const source = z.union([
  z.strictObject({ note: seven.describe('MIDI note'), channel }),
  z.strictObject({ cc: seven.describe('MIDI controller: fires when its value comes to 64 or more'), channel }),
  z.strictObject({ program: seven.describe('MIDI program change'), channel }),
  z.strictObject({
    osc: address.describe('OSC address of your own; its first number, 0 to 1 or 2 to 127, is the velocity'),
  }),
]);

const db = (doc: string) => z.number().min(-80).max(20).default(0).describe(doc).meta({ unit: 'dB' });

/** What a clip of a well filled pool is chosen from, where its map names no number. */
export const POOL_CANDIDATES = 4;

/** How a map sounds. Everything has a default but what it plays. */
const mapFields = {
  source: source.optional().describe('source that triggers it').meta({ fallback: 'only `trigger.fire`' }),
  class: classArg.describe('class it plays, in the form of `foley.generate`'),
  voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
  temperature: z.number().min(0).max(limits.temperatureMax).default(1).describe('temperature for its clips'),
  softTemperature: z
    .number()
    .min(0)
    .max(limits.temperatureMax)
    .optional()
    .describe('temperature for the softest hits, interpolated for velocities in between')
    .meta({ fallback: '`temperature`' }),
  ...guidanceArgs,
  candidates: candidates
    .unwrap()
    .optional()
    .describe(
      `${candidates.unwrap().description ?? candidates.description}; a clip that a hit waits for is the only one`,
    )
    .meta({
      fallback: `${POOL_CANDIDATES} while at least half of the clips are ready, if there is an embedder that tells real clips from generated ones; otherwise 1`,
    }),
  ready: z.int().min(1).max(limits.poolClips).default(3).describe('number of clips kept ready'),
  liveWithin: z
    .number()
    .min(0)
    .max(10)
    .default(0.15)
    .describe(
      'with no fresh clip ready, a hit plays a clip while it is generated, if that is expected to sound within this time; otherwise an earlier clip is replayed. Where there is none to replay, it is not limited',
    )
    .meta({ unit: 's' }),
  reuse: z
    .boolean()
    .default(false)
    .describe('replay the ready clips in turn; otherwise no clip is played twice while fresh ones are ready'),
  mode: z
    .enum(['shot', 'gate', 'loop'])
    .default('shot')
    .describe('shot: plays to its end; gate: plays until the note ends; loop: loops until the note ends'),
  gain: db('loudness'),
  velocity: z.number().min(0).max(1).default(1).describe('velocity sensitivity of the level: 0 is none'),
  pan: z.number().min(-1).max(1).default(0).describe('-1 left, 1 right'),
  bus: z.int().min(0).max(31).default(0).describe('pair of output channels'),
  choke: name.optional().describe('choke group: a new sound of the group stops the others').meta({ fallback: 'none' }),
  length: z
    .number()
    .gt(0)
    .max(limits.seconds)
    .optional()
    .meta({ unit: 's', fallback: 'the whole clip' })
    .describe('at most'),
  fadeIn: z.number().min(0).max(10).default(0).describe('fade-in time').meta({ unit: 's' }),
  fadeOut: z
    .number()
    .min(0)
    .max(10)
    .default(0.01)
    .describe('fade-out time, also used when it is stopped')
    .meta({ unit: 's' }),
  quantise: z
    .number()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'start on the next multiple of this many beats of the song (`transport.set` or a MIDI clock); 0 starts at once',
    ),
};

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'expected letters, digits, . _ - only')
  .describe('name of the map');

const map = z.strictObject({ id, ...mapFields });
export type TriggerMap = z.output<typeof map>;
export type TriggerSource = z.output<typeof source>;

export const pool = z.object({
  map: z.string(),
  ready: z.int().min(0).describe('clips ready to play'),
  want: z.int().min(0).describe('target number of ready clips'),
  coming: z.int().min(0).describe('clips being generated'),
  played: z.int().min(0).describe('hits played'),
  starved: z.int().min(0).describe('of these, replays of an earlier clip, slightly altered'),
  live: z.int().min(0).describe('of these, clips that were played while they were generated'),
  underruns: z.int().min(0).describe('of these, clips that faded out because the rest was not generated in time'),
  problem: z.string().nullable().describe('why the pool is not filled'),
});

export const hit = z.object({
  map: z.string(),
  voice: z.int().min(0).describe('id of the sounding voice, for `trigger.stop`'),
  from: z
    .enum(['pool', 'generated', 'live', 'again'])
    .describe(
      'pool: a ready clip; generated: made for this hit; live: made for this hit, and played while it is made; again: a clip played before, slightly altered',
    ),
  at: z.number().describe('start of the sound, since 1970').meta({ unit: 'ms' }),
  frame: z.number().describe('output clock: samples since it was opened'),
  late: z.number().min(0).describe('lateness relative to the requested time').meta({ unit: 'ms' }),
  class: z.union([z.string(), z.record(z.string(), z.number())]),
  seed: seedNumber.describe('reproduces this clip with `foley.generate` at the same temperature and guidance'),
  temperature: z.number(),
  guidance: z.number(),
  remaining: z.int().min(0).describe('clips ready'),
});
export type Hit = z.output<typeof hit>;

/** A live clip that ended early. */
export const underrun = z.object({
  map: z.string(),
  voice: z.int().min(0).describe('id of the voice, from its hit'),
  seed: seedNumber,
  seconds: z.number().min(0).describe('how much of the clip was played').meta({ unit: 's' }),
  of: z.number().min(0).describe('length of the whole clip').meta({ unit: 's' }),
});
export type Underrun = z.output<typeof underrun>;
export const underrunExample = { map: 'pad1', voice: 7, seed: 42, seconds: 0.7, of: 4 };
export type PoolState = z.output<typeof pool>;

const mapExample = { id: 'pad1', source: { note: 36 }, class: 'DogBark' };
const fullExample = {
  ...mapExample,
  temperature: 1,
  ready: 3,
  liveWithin: 0.15,
  reuse: false,
  mode: 'shot' as const,
  gain: 0,
  velocity: 1,
  pan: 0,
  bus: 0,
  fadeIn: 0,
  fadeOut: 0.01,
  quantise: 0,
};
export const poolExample = {
  map: 'pad1',
  ready: 3,
  want: 3,
  coming: 0,
  played: 12,
  starved: 0,
  live: 1,
  underruns: 0,
  problem: null,
};
export const hitExample = {
  map: 'pad1',
  voice: 7,
  from: 'pool' as const,
  at: 1764072000000,
  frame: 480000,
  late: 0,
  class: 'DogBark',
  seed: 42,
  temperature: 1,
  guidance: 1,
  remaining: 2,
};

export const triggerMap = defineCommand({
  name: 'trigger.map',
  role: 'play',
  doc: 'Maps a MIDI note, controller or program, or an OSC address, to a class with a pool of ready clips; replaces a map of the same id. All maps of one source sound, in the order they were created.',
  args: map,
  events: { done: z.object({ map, understood }) },
  http: true,
  osc: {
    address: '/foley/map',
    id: 'target',
    args: ['id', 'class'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText, source: sourceFromText },
    fixed: {},
    example: ['pad1', 'DogBark', 'source', 'note:36', 'choke', 'dogs'],
    replies: {
      done: [
        { address: '/foley/mapped', args: ['map.id:s'] },
        { address: '/foley/understood', args: ['name:s', 'class:s'], each: 'understood' },
      ],
    },
  },
  example: { args: mapExample, events: { done: { map: fullExample } } },
});

export const triggerEdit = defineCommand({
  name: 'trigger.edit',
  role: 'play',
  doc: 'Changes settings of a map while it plays; its ready clips are kept unless the change affects what is generated.',
  args: z.strictObject({
    id,
    change: z.looseObject({}).describe('fields of `trigger.map` to change; null removes an optional one'),
  }),
  events: { done: z.object({ map, understood }) },
  http: true,
  example: { args: { id: 'pad1', change: { gain: -6 } }, events: { done: { map: { ...fullExample, gain: -6 } } } },
});

export const triggerUnmap = defineCommand({
  name: 'trigger.unmap',
  role: 'play',
  doc: 'Removes a map; its shots play to their end, its gates and loops stop.',
  args: z.strictObject({ id }),
  events: { done: z.object({ id: z.string() }) },
  http: true,
  osc: {
    address: '/foley/unmap',
    id: 'target',
    args: ['id'],
    pairs: false,
    fixed: {},
    example: ['pad1'],
    replies: { done: [{ address: '/foley/unmapped', args: ['id:s'] }] },
  },
  example: { args: { id: 'pad1' }, events: { done: { id: 'pad1' } } },
});

export const triggerList = defineCommand({
  name: 'trigger.list',
  role: 'play',
  doc: 'Lists all maps with their pools.',
  args: z.strictObject({}),
  events: { done: z.object({ maps: z.array(map), pools: z.array(pool) }) },
  http: true,
  osc: bareOsc('/foley/maps', {
    done: [{ address: '/foley/pool', args: ['map:s', 'ready:i', 'want:i', 'coming:i'], each: 'pools' }],
  }),
  example: { args: {}, events: { done: { maps: [fullExample], pools: [poolExample] } } },
});

export const triggerExport = defineCommand({
  name: 'trigger.export',
  role: 'play',
  doc: 'Returns all maps in the form that `trigger.import` accepts.',
  args: z.strictObject({ ids: z.array(id).max(limits.maps).optional().meta({ fallback: 'all of them' }) }),
  events: { done: z.object({ maps: z.array(map) }) },
  http: true,
  example: { args: { ids: ['pad1'] }, events: { done: { maps: [fullExample] } } },
});

export const triggerImport = defineCommand({
  name: 'trigger.import',
  role: 'play',
  doc: 'Imports maps as returned by `trigger.export` or `trigger.list`, all or none; maps with the same ids are replaced.',
  args: z.strictObject({
    maps: z.array(map).max(limits.maps),
    replace: z.boolean().default(false).describe('remove all other maps'),
  }),
  events: { done: z.object({ maps: z.int().min(0).describe('number of maps afterwards'), understood }) },
  http: true,
  example: { args: { maps: [mapExample], replace: true }, events: { done: { maps: 1 } } },
});

export const triggerFire = defineCommand({
  name: 'trigger.fire',
  role: 'play',
  doc: 'Triggers a map. If its time lies far enough ahead, a new clip is generated for this hit; otherwise, or if that clip is late, a ready clip plays. With none ready, a voice whose code grid goes along time plays a clip while it is generated.',
  args: z
    .strictObject({
      id: id.optional(),
      osc: address.optional().describe('or all maps of this OSC address'),
      velocity: z.number().min(0).max(1).default(1).describe('0 releases a gate or a loop'),
      wait: z
        .boolean()
        .default(true)
        .describe('if nothing is ready and nothing was played before: generate a clip and play it late'),
      audio: z
        .boolean()
        .default(false)
        .describe('send the samples that are played as `audio`; needs `id`; never over OSC'),
      format: pcmFormat.default('f32').describe('sample format of the audio'),
      play: z
        .boolean()
        .default(true)
        .describe('false: silent on the output of the server, for clients that play `audio`'),
    })
    .refine((args) => (args.id === undefined) !== (args.osc === undefined), 'expected either id or osc')
    .refine((args) => !args.audio || args.id !== undefined, {
      error: 'audio is sent of one map: name its id',
      path: ['audio'],
    }),
  events: {
    audio: z.object({
      offset: z.int().min(0).describe('first sample frame of this chunk').meta({ unit: 'frames' }),
      total: z.int().min(0).describe('sample frames of the whole sound').meta({ unit: 'frames' }),
      rate: z.int().min(1).describe('sample rate to play it at, `again` included').meta({ unit: 'Hz' }),
      gain: z.number().min(0).describe('linear, of map and velocity'),
      loop: z.boolean().describe('repeats until it is stopped'),
      channels: z.int().min(1).describe('always 1 in this version'),
      format: pcmFormat,
      pcm: bin('samples of this chunk, faded and cut as the map says'),
    }),
    done: z.object({ hits: z.array(hit).describe('one per map; none for a release') }),
  },
  http: true,
  timed: true,
  osc: {
    address: '/foley/hit',
    id: 'target',
    args: ['id', 'velocity'],
    velocity: 'velocity',
    pairs: true,
    fixed: { audio: false, play: true },
    example: ['pad1', 0.8],
    replies: {
      done: [{ address: '/foley/played', args: ['map:s', 'from:s', 'seed:n', 'late:f', 'remaining:i'], each: 'hits' }],
    },
  },
  example: {
    args: { id: 'pad1', velocity: 0.8 },
    events: {
      audio: {
        offset: 0,
        total: 4,
        rate: 22_050,
        gain: 0.64,
        loop: false,
        channels: 1,
        format: 'f32',
        pcm: new Uint8Array([0, 0, 0, 0]),
      },
      done: { hits: [hitExample] },
    },
  },
});

export const triggerStop = defineCommand({
  name: 'trigger.stop',
  role: 'play',
  doc: 'Stops one sound, all sounds of a map, or all sounds.',
  args: z.strictObject({
    voice: z.int().min(0).optional().describe('id of the sounding voice, from a hit'),
    id: id.optional().describe('or a map'),
    fade: z.number().min(0).max(60).default(0.02).meta({ unit: 's' }).describe('fade-out time'),
  }),
  events: { done: z.object({ stopped: z.int().min(0).describe('number of sounds stopped') }) },
  http: true,
  osc: {
    address: '/foley/stop',
    id: 'none',
    args: ['id'],
    button: true,
    pairs: true,
    fixed: {},
    example: ['pad1'],
    replies: {},
  },
  example: { args: { id: 'pad1' }, events: { done: { stopped: 1 } } },
});

/** `note:36`, `note:36:10` (channel), `cc:7`, `program:3` or an OSC address. Anything else stays as it is, and is refused. */
export function sourceFromText(text: string): unknown {
  if (text.startsWith('/')) return { osc: text };
  const [, kind, number, on] = /^(note|cc|program):(\d{1,3})(?::(\d{1,2}))?$/.exec(text) ?? [];
  if (kind === undefined) return text;
  return { [kind]: Number(number), ...(on === undefined ? {} : { channel: Number(on) }) };
}
