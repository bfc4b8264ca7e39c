/** Commands that play what is mapped, and end it. */
import { z } from 'zod';
import { bin, defineCommand } from './define.ts';
import { pcmFormat } from './fields.ts';
import { hit, hitExample } from './trigger-hits.ts';
import { address, id } from './trigger-map.ts';

export const triggerFire = defineCommand({
  name: 'trigger.fire',
  role: 'play',
  doc: 'Triggers a map. If its time is far enough ahead, a new clip is generated for this hit; otherwise, or if that clip is late, a ready clip plays. With none ready, a voice whose code rows are time steps plays a clip while it is generated.',
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
