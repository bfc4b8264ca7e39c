import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const state = {
  playing: z.boolean().describe('whether beats are counted'),
  tempo: z.number().nullable().describe('beats a minute; null where nobody counts'),
  beat: z.number().nullable().describe("beats since the song's beginning, at `at`; negative in a count-in"),
  at: z.number().describe('since 1970').meta({ unit: 'ms' }),
  source: z
    .string()
    .nullable()
    .describe('`client`, or the MIDI input whose clock is followed; null where nobody counts'),
};
const example = { playing: true, tempo: 120, beat: 16.5, at: 1764072000000, source: 'client' };
const told = ['playing:i', 'tempo:f', 'beat:f'];

export const transportSet = defineCommand({
  name: 'transport.set',
  role: 'play',
  doc: 'Tells where the song of a host is: it goes on from there by itself until the next word, and maps with `quantise` wait for its beats. While it plays it goes before a MIDI clock. With a time, it is so at that time.',
  args: z.strictObject({
    playing: z.boolean().describe('false: it stands'),
    tempo: z
      .number()
      .min(1)
      .max(1000)
      .optional()
      .describe('beats a minute')
      .meta({ fallback: 'as before, 120 at first' }),
    beat: z
      .number()
      .min(-1e6)
      .max(1e9)
      .optional()
      .describe("beats since the song's beginning; negative in a count-in")
      .meta({ fallback: 'where it is by what was told before' }),
    lasts: z
      .number()
      .min(0.1)
      .max(86_400)
      .optional()
      .describe('after so long without another word it stands: for hosts that may be gone without one')
      .meta({ unit: 's', fallback: 'for ever' }),
  }),
  events: { done: z.object(state) },
  http: true,
  timed: true,
  osc: {
    address: '/foley/transport',
    id: 'none',
    args: ['playing', 'tempo', 'beat', 'lasts'],
    pairs: false,
    fixed: {},
    example: [1, 120, 16.5],
    replies: { done: [{ address: '/foley/transport', args: told }] },
  },
  example: { args: { playing: true, tempo: 120, beat: 16.5 }, events: { done: example } },
});

export const transportInfo = defineCommand({
  name: 'transport.info',
  role: 'play',
  doc: 'Where the song is, and who counts its beats.',
  args: z.strictObject({}),
  events: { done: z.object(state) },
  http: true,
  osc: bareOsc('/foley/beat', { done: [{ address: '/foley/transport', args: told }] }),
  example: { args: {}, events: { done: example } },
});
