import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';
import { pool, poolExample } from './triggers.ts';

export const poolInfo = defineCommand({
  name: 'pool.info',
  role: 'play',
  doc: 'The clips that maps keep ready, and what memory they take. Over OSC `/foley/maps` tells them; `server.watch` tells each change.',
  args: z.strictObject({ id: name.optional().describe('a map').meta({ fallback: 'all of them' }) }),
  events: {
    done: z.object({
      pools: z.array(pool),
      bytes: z.int().min(0).describe('of all pools, clips that may come again included'),
      most: z.int().min(0).describe('bytes that they may have'),
    }),
  },
  http: true,
  example: {
    args: { id: 'pad1' },
    events: { done: { pools: [poolExample], bytes: 4_608_000, most: 402_653_184 } },
  },
});
