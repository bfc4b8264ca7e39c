/** Commands that say where the host's song is and how fast, which quantised maps wait for. */
import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const state = {
  playing: z.boolean().describe('whether the song is playing'),
  tempo: z.number().nullable().describe('tempo (beats per minute); null if there is no tempo source'),
  beat: z.number().nullable().describe('position at `at`, in beats from the start of the song; negative in a count-in'),
  at: z.number().describe('since 1970').meta({ unit: 'ms' }),
  source: z
    .string()
    .nullable()
    .describe('tempo source: `client`, or the MIDI input whose clock is followed; null if there is none'),
};
const example = { playing: true, tempo: 120, beat: 16.5, at: 1764072000000, source: 'client' };
const told = ['playing:i', 'tempo:f', 'beat:f'];

export const transportSet = defineCommand({
  name: 'transport.set',
  role: 'play',
  doc: 'Sets the song position and tempo of a host. The position advances by itself until the next call, and maps with `quantise` wait for its beats. While it plays it takes precedence over a MIDI clock. With `at`, it applies at that time.',
  args: z.strictObject({
    playing: z.boolean().describe('false: the song is stopped'),
    tempo: z
      .number()
      .min(1)
      .max(1000)
      .optional()
      .describe('tempo (beats per minute)')
      .meta({ fallback: 'unchanged; 120 at first' }),
    beat: z
      .number()
      .min(-1e6)
      .max(1e9)
      .optional()
      .describe('position in beats from the start of the song; negative in a count-in')
      .meta({ fallback: 'the position that follows from the previous call' }),
    lasts: z
      .number()
      .min(0.1)
      .max(86_400)
      .optional()
      .describe('stop after this long without another call, for hosts that may disappear')
      .meta({ unit: 's', fallback: 'never stops by itself' }),
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
  doc: 'Returns the song position, tempo and tempo source.',
  args: z.strictObject({}),
  events: { done: z.object(state) },
  http: true,
  osc: bareOsc('/foley/beat', { done: [{ address: '/foley/transport', args: told }] }),
  example: { args: {}, events: { done: example } },
});
