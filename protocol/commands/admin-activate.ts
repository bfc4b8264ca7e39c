import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';

const changed = z.object({
  voice: z.string().describe('voice id that is active now'),
  previous: z.string().describe('the one that was'),
  warning: z.string().nullable().describe('what the gate would have refused, where it only warns'),
});
const replies = { done: [{ address: '/foley/active', args: ['id', 'voice:s', 'previous:s'] }] };
const force = z.boolean().default(false).describe('whatever the gate says');

export const adminActivate = defineCommand({
  name: 'admin.activate',
  role: 'admin',
  doc: 'Makes a voice the active one: loaded and tried beside the old one, then new requests get it; those that run end with theirs.',
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
  doc: 'Makes the voice active again that was active before this one.',
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
