import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';
import { restorableUntil, restorableUntilExample } from './trash.ts';

export const voiceDelete = defineCommand({
  name: 'voice.delete',
  role: 'admin',
  doc: 'Deletes a voice; `voice.restore` restores it. The active voice, built-in voices and voices in use by a job or training are refused.',
  args: z.strictObject({
    voice: name.describe('voice id; a broken voice can be deleted too'),
    force: z
      .boolean()
      .default(false)
      .describe('also delete a voice that `admin.rollback` would return to or that trigger maps name'),
  }),
  events: { done: z.object({ deleted: z.string().describe('voice id'), until: restorableUntil }) },
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
  example: { args: { voice: 'mine' }, events: { done: { deleted: 'mine', until: restorableUntilExample } } },
});
