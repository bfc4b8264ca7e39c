import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';
import { pool, poolExample } from './trigger-hits.ts';

export const poolInfo = defineCommand({
  name: 'pool.info',
  role: 'play',
  doc: 'Returns the pools of ready clips and their memory. Over OSC, `/foley/maps` reports them; `server.watch` sends each change.',
  args: z.strictObject({ id: name.optional().describe('a map').meta({ fallback: 'all of them' }) }),
  events: {
    done: z.object({
      pools: z.array(pool),
      bytes: z.int().min(0).describe('memory of all pools, including clips kept for replay'),
      most: z.int().min(0).describe('memory allowed'),
    }),
  },
  http: true,
  example: {
    args: { id: 'pad1' },
    events: { done: { pools: [poolExample], bytes: 4_608_000, most: 402_653_184 } },
  },
});
