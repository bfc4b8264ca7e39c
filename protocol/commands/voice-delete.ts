import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';

export const voiceDelete = defineCommand({
  name: 'voice.delete',
  role: 'admin',
  doc: 'Removes a voice that nothing needs: not the active one, none that ships with the server, none that a job or training works with.',
  args: z.strictObject({
    voice: name.describe('voice id; a broken voice can be deleted too'),
    force: z
      .boolean()
      .default(false)
      .describe('also the one that `admin.rollback` would go back to, and one that trigger maps name'),
  }),
  events: { done: z.object({ deleted: z.string().describe('voice id') }) },
  http: true,
  osc: {
    address: '/foley/admin/delete',
    id: 'own',
    args: ['voice'],
    pairs: true,
    fixed: {},
    example: ['d1', 'mine'],
    replies: { done: [{ address: '/foley/deleted', args: ['id', 'deleted:s'] }] },
  },
  example: { args: { voice: 'mine' }, events: { done: { deleted: 'mine' } } },
});
