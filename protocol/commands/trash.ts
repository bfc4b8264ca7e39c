/** Commands about what was deleted: list, restore, delete for good. */
import { z } from 'zod';
import { defineCommand } from './define.ts';
import { folderName, name } from './fields.ts';

const kind = z.enum(['clip', 'voice', 'dataset']);
const time = (doc: string) => z.number().describe(doc).meta({ unit: 'ms' });

/** In the answers of commands that delete. */
export const restorableUntil = time(
  'time since 1970 until which it can be restored; null if it was deleted at once',
).nullable();

export const restorableUntilExample = 1_766_656_000_000;

const item = z.object({
  kind,
  id: z.string().describe('id that it had'),
  name: z.string().describe('name of a clip; empty for anything else'),
  class: z
    .union([z.string(), z.record(z.string(), z.number())])
    .nullable()
    .describe('class of a clip, or null'),
  bytes: z.int().min(0),
  deleted: time('time of its deletion, since 1970'),
  until: time('time since 1970 until which it can be restored'),
});

const itemExample: z.input<typeof item> = {
  kind: 'clip',
  id: '9f2c4e5d6a7b8190',
  name: 'big door',
  class: 'DogBark',
  bytes: 352_844,
  deleted: 1_764_064_000_000,
  until: restorableUntilExample,
};

export const trashList = defineCommand({
  name: 'trash.list',
  role: 'play',
  doc: 'Lists deleted clips and, for the admin role, voices and data sets that can be restored, the latest first. They are kept for `trashDays` days and until they exceed `trashBytes` together (limits of `server.info`).',
  args: z.strictObject({
    kind: kind.optional().describe('only these').meta({ fallback: 'all' }),
    limit: z.int().min(1).max(500).default(50).describe('most items in the answer'),
  }),
  events: {
    done: z.object({
      items: z.array(item),
      total: z.int().min(0).describe('number of items'),
      bytes: z.int().min(0).describe('size of all of them'),
    }),
  },
  http: true,
  example: {
    args: { kind: 'clip', limit: 10 },
    events: { done: { items: [itemExample], total: 1, bytes: 352_844 } },
  },
});

export const trashEmpty = defineCommand({
  name: 'trash.empty',
  role: 'admin',
  doc: 'Deletes everything in the trash, or one deleted item, permanently.',
  args: z.strictObject({
    kind: kind.optional().describe('only these').meta({ fallback: 'all' }),
    id: name.optional().describe('only this clip, voice or data set').meta({ fallback: 'all' }),
  }),
  events: {
    done: z.object({
      removed: z.int().min(0).describe('number of items'),
      bytes: z.int().min(0).describe('bytes freed'),
    }),
  },
  http: true,
  example: { args: { kind: 'voice', id: 'mine' }, events: { done: { removed: 1, bytes: 31_000_000 } } },
});

export const voiceRestore = defineCommand({
  name: 'voice.restore',
  role: 'admin',
  doc: 'Restores the last deleted voice of this id.',
  args: z.strictObject({ voice: name.describe('voice id') }),
  events: { done: z.object({ restored: z.string().describe('voice id') }) },
  http: true,
  osc: {
    address: '/foley/admin/restore',
    id: 'own',
    args: ['voice'],
    pairs: false,
    fixed: {},
    example: ['r1', 'mine'],
    replies: { done: [{ address: '/foley/restored', args: ['id', 'restored:s'] }] },
  },
  example: { args: { voice: 'mine' }, events: { done: { restored: 'mine' } } },
});

export const datasetRestore = defineCommand({
  name: 'dataset.restore',
  role: 'admin',
  doc: 'Restores the last removed data set of this id.',
  args: z.strictObject({ dataset: folderName.describe('data set id') }),
  events: { done: z.object({ restored: z.string().describe('data set id') }) },
  http: true,
  example: { args: { dataset: 'my-footsteps' }, events: { done: { restored: 'my-footsteps' } } },
});
