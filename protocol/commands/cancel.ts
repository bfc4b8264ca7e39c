import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name, requestId } from './fields.ts';

export const cancel = defineCommand({
  name: 'foley.cancel',
  role: 'play',
  doc: 'Cancels a queued or running job; its request then ends with `failed` and the code `cancelled`.',
  args: z
    .strictObject({
      job: name.optional().describe('job id, from `accepted`; works from any connection'),
      request: requestId.optional().describe('or the id of the request that started it on this connection'),
    })
    .refine((args) => (args.job === undefined) !== (args.request === undefined), 'expected either job or request'),
  events: {
    done: z.object({ cancelled: z.boolean().describe('false if the job had already ended') }),
  },
  http: true,
  osc: {
    address: '/foley/cancel',
    id: 'target',
    args: ['request'],
    pairs: false,
    fixed: {},
    example: ['bark1'],
    replies: { done: [{ address: '/foley/cancelled', args: ['id', 'cancelled:i'] }] },
  },
  example: { id: 'stop1', args: { job: 'j1' }, events: { done: { cancelled: true } } },
});
