import { z } from 'zod';
import { defineCommand } from './define.ts';

const time = (doc: string) => z.number().describe(`${doc}, since 1970`).meta({ unit: 'ms' });

export const serverClock = defineCommand({
  name: 'server.clock',
  role: 'play',
  doc: "Compares clocks as NTP does: with t4, the answer's arrival, a client's offset is ((t2 - t1) + (t3 - t4)) / 2.",
  args: z.strictObject({ t1: z.number().optional().describe("the client's clock, given back").meta({ unit: 'ms' }) }),
  events: {
    done: z.object({
      t1: z.number().nullable().describe('what was given').meta({ unit: 'ms' }),
      t2: time('when the request came'),
      t3: time('when the answer left'),
      audio: time('what the output plays now').nullable().describe('null while nothing has been played'),
      latency: z.number().min(0).describe('from scheduling to the output').meta({ unit: 's' }),
    }),
  },
  http: true,
  osc: {
    address: '/foley/clock',
    id: 'none',
    args: ['t1'],
    pairs: false,
    fixed: {},
    example: ['1767225600000.5'],
    replies: { done: [{ address: '/foley/clock', args: ['t1:n', 't2:n', 't3:n', 'audio:n', 'latency:f'] }] },
  },
  example: {
    args: { t1: 1767225600000.5 },
    events: {
      done: { t1: 1767225600000.5, t2: 1767225600001.25, t3: 1767225600001.5, audio: null, latency: 0.5 },
    },
  },
});
