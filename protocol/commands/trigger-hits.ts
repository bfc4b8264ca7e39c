/** Events of hits and of the clip pools that they draw from. */
import { z } from 'zod';
import { seedNumber } from './fields.ts';

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
  seed: seedNumber.describe('reproduces this clip with `foley.generate` at the same temperature, guidance and density'),
  temperature: z.number(),
  guidance: z.number(),
  density: z.number().optional().describe('if the map has one').meta({ unit: '1/s' }),
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
