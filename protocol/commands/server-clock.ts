import { z } from 'zod';
import { defineCommand } from './define.ts';

const time = (doc: string) => z.number().describe(`${doc}, since 1970`).meta({ unit: 'ms' });

export const serverClock = defineCommand({
  name: 'server.clock',
  role: 'play',
  doc: "Synchronises clocks as NTP does: with t4, the arrival time of the answer, the client's offset is ((t2 - t1) + (t3 - t4)) / 2.",
  args: z.strictObject({ t1: z.number().optional().describe("the client's clock, echoed").meta({ unit: 'ms' }) }),
  events: {
    done: z.object({
      t1: z.number().nullable().describe('the echoed value').meta({ unit: 'ms' }),
      t2: time('arrival of the request'),
      t3: time('departure of the answer'),
      audio: time('what the output plays now').nullable().describe('null until something has been played'),
      latency: z.number().min(0).describe('latency from scheduling to the output').meta({ unit: 's' }),
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
