import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';

const payload = z.union([z.string().max(limits.payloadChars), z.number()]);

export const serverPing = defineCommand({
  name: 'server.ping',
  role: 'play',
  doc: 'Echoes its argument immediately.',
  args: z.strictObject({ payload: payload.optional().describe('text or number to echo') }),
  events: {
    done: z.object({
      payload: payload.optional().describe('the echoed value'),
      time: z.number().describe("the server's clock, since 1970").meta({ unit: 'ms' }),
    }),
  },
  http: true,
  osc: {
    address: '/foley/ping',
    id: 'none',
    args: ['payload'],
    pairs: false,
    fixed: {},
    example: ['hello'],
    replies: { done: [{ address: '/foley/pong', args: ['payload:?'] }] },
  },
  example: { args: { payload: 'hello' }, events: { done: { payload: 'hello', time: 1767225600000 } } },
});
