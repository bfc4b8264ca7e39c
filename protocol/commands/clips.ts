/** Commands about saved clips: list, read, rename, star, delete, restore. */
import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name, plainText, seedNumber } from './fields.ts';
import { restorableUntil, restorableUntilExample } from './trash.ts';

const id = name.describe('clip id');
const label = plainText;

const entry = z.object({
  clip: z.string().describe('clip id'),
  name: z.string().describe('name given by a user; empty if none'),
  starred: z.boolean().describe('whether it is starred: exempt from the automatic removal of old clips'),
  created: z.number().describe('since 1970').meta({ unit: 'ms' }),
  seconds: z.number().min(0).meta({ unit: 's' }),
  class: z
    .union([z.string(), z.record(z.string(), z.number())])
    .nullable()
    .describe('null if the file does not say'),
  voice: z.string().nullable().describe('voice id'),
  seed: seedNumber.nullable(),
  url: z.string().describe('path of its WAV on the HTTP port'),
  path: z.string().describe('path of its WAV on disk'),
  from: z.string().nullable().describe('clip id that it was varied, branched or continued from; null if none'),
});

const details = z.object({
  ...entry.shape,
  recipe: z
    .looseObject({})
    .nullable()
    .describe('recipe: voice hash, class weights, seed, temperature and other settings'),
  lineage: z.looseObject({}).nullable().describe('source clip and operation, for varied, branched and continued clips'),
  shape: z.looseObject({}).nullable().describe('processing applied to the decoded audio'),
  codes: z
    .array(z.int().min(0))
    .nullable()
    .describe('its code grid in raster order, one after the other for longer clips; null for clips of older servers'),
  makers: z
    .array(z.object({ worker: z.string(), fingerprint: z.string() }))
    .nullable()
    .describe(
      'workers of a render farm that made it, and the fingerprint of their arithmetic; null if made by this server',
    ),
});

const entryExample = {
  clip: '9f2c4e5d6a7b8190',
  name: 'big door',
  starred: true,
  created: 1764072000000,
  seconds: 4,
  class: 'DogBark',
  voice: 'default',
  seed: 42,
  url: '/clips/9f2c4e5d6a7b8190.wav',
  path: '/home/me/foleyd/clips/9f2c4e5d6a7b8190.wav',
  from: null,
};
const detailsExample = {
  ...entryExample,
  recipe: { seed: 42, temperature: 1 },
  lineage: { how: 'varied', from: '0123456789abcdef', amount: 0.3 },
  shape: null,
  codes: [17, 3, 498],
  makers: null,
};
const changed = z.object({ clip: entry });
const changedReply = {
  done: [{ address: '/foley/clip/info', args: ['id', 'clip.clip:s', 'clip.name:s', 'clip.starred:i'] }],
};

export const clipList = defineCommand({
  name: 'clip.list',
  role: 'play',
  doc: 'Lists saved clips, newest first.',
  args: z.strictObject({
    class: name.optional().describe('only clips of this class, including mixes that contain it'),
    starred: z.boolean().optional().describe('true: only starred clips; false: only unstarred clips'),
    of: name.optional().describe('only clips made from this clip'),
    text: name.optional().describe('text to find in the name, class, voice or id'),
    limit: z.int().min(1).max(500).default(50).describe('of one page'),
    after: name.optional().describe('`next` of the previous page'),
  }),
  events: {
    done: z.object({
      clips: z.array(entry),
      total: z.int().min(0).describe('number of matching clips on all pages'),
      next: z.string().nullable().describe('start of the next page; null on the last page'),
    }),
  },
  http: true,
  osc: {
    address: '/foley/clips',
    id: 'own',
    args: ['limit'],
    pairs: true,
    fixed: {},
    example: ['list1', 10],
    replies: {
      done: [
        { address: '/foley/clip/info', args: ['id', 'clip:s', 'name:s', 'starred:i'], each: 'clips' },
        // Ends the list, an empty one too.
        { address: '/foley/clips/done', args: ['id', 'total:i', 'next:s'] },
      ],
    },
  },
  example: { args: { class: 'DogBark', limit: 10 }, events: { done: { clips: [entryExample], total: 1, next: null } } },
});

export const clipGet = defineCommand({
  name: 'clip.get',
  role: 'play',
  doc: 'Returns all metadata of a saved clip: recipe, codes, lineage.',
  args: z.strictObject({ clip: id }),
  events: { done: z.object({ clip: details }) },
  http: true,
  example: { args: { clip: '9f2c4e5d6a7b8190' }, events: { done: { clip: detailsExample } } },
});

export const clipRename = defineCommand({
  name: 'clip.rename',
  role: 'play',
  doc: 'Names a saved clip.',
  args: z.strictObject({ clip: id, name: label.describe('empty removes the name') }),
  events: { done: changed },
  http: true,
  osc: {
    address: '/foley/clip/rename',
    id: 'own',
    args: ['clip', 'name'],
    pairs: false,
    fixed: {},
    example: ['r1', '9f2c4e5d6a7b8190', 'big door'],
    replies: changedReply,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190', name: 'big door' }, events: { done: { clip: entryExample } } },
});

export const clipStar = defineCommand({
  name: 'clip.star',
  role: 'play',
  doc: 'Stars a saved clip, which exempts it from automatic removal, or unstars it.',
  args: z.strictObject({ clip: id, starred: z.boolean().default(true) }),
  events: { done: changed },
  http: true,
  osc: {
    address: '/foley/clip/star',
    id: 'own',
    args: ['clip'],
    pairs: true,
    fixed: {},
    example: ['s1', '9f2c4e5d6a7b8190'],
    replies: changedReply,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190' }, events: { done: { clip: entryExample } } },
});

export const clipDelete = defineCommand({
  name: 'clip.delete',
  role: 'play',
  doc: 'Deletes a saved clip; `clip.restore` restores it. A starred clip must be unstarred first.',
  args: z.strictObject({ clip: id }),
  events: { done: z.object({ deleted: z.string().describe('clip id'), until: restorableUntil }) },
  http: true,
  osc: {
    address: '/foley/clip/delete',
    id: 'own',
    args: ['clip'],
    pairs: false,
    fixed: {},
    example: ['d1', '9f2c4e5d6a7b8190'],
    replies: { done: [{ address: '/foley/clip/deleted', args: ['id', 'deleted:s'] }] },
  },
  example: {
    args: { clip: '9f2c4e5d6a7b8190' },
    events: { done: { deleted: '9f2c4e5d6a7b8190', until: restorableUntilExample } },
  },
});

export const clipRestore = defineCommand({
  name: 'clip.restore',
  role: 'play',
  doc: 'Restores a deleted clip, with its id, name and recipe.',
  args: z.strictObject({ clip: id }),
  events: { done: changed },
  http: true,
  osc: {
    address: '/foley/clip/restore',
    id: 'own',
    args: ['clip'],
    pairs: false,
    fixed: {},
    example: ['r1', '9f2c4e5d6a7b8190'],
    replies: changedReply,
  },
  example: { args: { clip: '9f2c4e5d6a7b8190' }, events: { done: { clip: entryExample } } },
});
