import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';
import { madeEvents, madeExample, madeReplies } from './making.ts';

export const attach = defineCommand({
  name: 'foley.attach',
  role: 'play',
  doc: 'Repeats the events of a job that was started with `keep`, then streams the rest: for use after a reload or a lost connection.',
  args: z.strictObject({ job: name.describe('job id, from `accepted`') }),
  events: madeEvents,
  http: true,
  osc: {
    address: '/foley/attach',
    id: 'own',
    args: ['job'],
    pairs: false,
    fixed: {},
    example: ['again1', '4f2c4e5d6a7b8190'],
    replies: madeReplies,
  },
  example: { args: { job: '4f2c4e5d6a7b8190' }, events: madeExample },
});
