/** Commands that make another voice the active one, or go back to the one before. */
import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';

const changed = z.object({
  voice: z.string().describe('id of the active voice'),
  previous: z.string().describe('id of the previously active voice'),
  warning: z.string().nullable().describe('findings of the quality gate if it only warns'),
});
const replies = { done: [{ address: '/foley/active', args: ['id', 'voice:s', 'previous:s'] }] };
const force = z.boolean().default(false).describe('activate even if the quality gate refuses it');

export const adminActivate = defineCommand({
  name: 'admin.activate',
  role: 'admin',
  doc: 'Activates a voice: it is loaded and tested beside the current one, then serves new requests; running jobs finish with the old voice.',
  args: z.strictObject({ voice: name.describe('voice id'), force }),
  events: { done: changed },
  http: true,
  osc: {
    address: '/foley/admin/activate',
    id: 'own',
    args: ['voice'],
    pairs: true,
    fixed: {},
    example: ['a1', 'mine'],
    replies,
  },
  example: { args: { voice: 'mine' }, events: { done: { voice: 'mine', previous: 'default', warning: null } } },
});

export const adminRollback = defineCommand({
  name: 'admin.rollback',
  role: 'admin',
  doc: 'Reactivates the previously active voice.',
  args: z.strictObject({}),
  events: { done: changed },
  http: true,
  osc: {
    address: '/foley/admin/rollback',
    id: 'own',
    args: [],
    pairs: false,
    fixed: {},
    example: ['r1'],
    replies,
  },
  example: { args: {}, events: { done: { voice: 'default', previous: 'mine', warning: null } } },
});
