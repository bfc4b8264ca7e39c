/** Commands that make, change, list and carry away maps. What fires them is trigger-fire.ts. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { bareOsc, defineCommand } from './define.ts';
import { classFromText, understood } from './fields.ts';
import { pool, poolExample } from './trigger-hits.ts';
import { fullExample, id, map, mapExample, sourceFromText } from './trigger-map.ts';

export const triggerMap = defineCommand({
  name: 'trigger.map',
  role: 'play',
  doc: 'Maps a MIDI note, controller or program, or an OSC address, to a class with a pool of ready clips; replaces a map of the same id. If several maps share a source, all of them play, in the order of their creation.',
  args: map,
  events: { done: z.object({ map, understood }) },
  http: true,
  osc: {
    address: '/foley/map',
    id: 'target',
    args: ['id', 'class'],
    pairs: true,
    words: { class: classFromText, avoid: classFromText, source: sourceFromText },
    fixed: {},
    example: ['pad1', 'DogBark', 'source', 'note:36', 'choke', 'dogs'],
    replies: {
      done: [
        { address: '/foley/mapped', args: ['map.id:s'] },
        { address: '/foley/understood', args: ['name:s', 'class:s'], each: 'understood' },
      ],
    },
  },
  example: { args: mapExample, events: { done: { map: fullExample } } },
});

export const triggerEdit = defineCommand({
  name: 'trigger.edit',
  role: 'play',
  doc: 'Changes settings of a map while it plays; its ready clips are kept unless the change affects what is generated.',
  args: z.strictObject({
    id,
    change: z.looseObject({}).describe('fields of `trigger.map` to change; null removes an optional one'),
  }),
  events: { done: z.object({ map, understood }) },
  http: true,
  example: { args: { id: 'pad1', change: { gain: -6 } }, events: { done: { map: { ...fullExample, gain: -6 } } } },
});

export const triggerUnmap = defineCommand({
  name: 'trigger.unmap',
  role: 'play',
  doc: 'Removes a map; its shots play to their end, its gates and loops stop.',
  args: z.strictObject({ id }),
  events: { done: z.object({ id: z.string() }) },
  http: true,
  osc: {
    address: '/foley/unmap',
    id: 'target',
    args: ['id'],
    pairs: false,
    fixed: {},
    example: ['pad1'],
    replies: { done: [{ address: '/foley/unmapped', args: ['id:s'] }] },
  },
  example: { args: { id: 'pad1' }, events: { done: { id: 'pad1' } } },
});

export const triggerList = defineCommand({
  name: 'trigger.list',
  role: 'play',
  doc: 'Lists all maps with their pools.',
  args: z.strictObject({}),
  events: { done: z.object({ maps: z.array(map), pools: z.array(pool) }) },
  http: true,
  osc: bareOsc('/foley/maps', {
    done: [{ address: '/foley/pool', args: ['map:s', 'ready:i', 'want:i', 'coming:i'], each: 'pools' }],
  }),
  example: { args: {}, events: { done: { maps: [fullExample], pools: [poolExample] } } },
});

export const triggerExport = defineCommand({
  name: 'trigger.export',
  role: 'play',
  doc: 'Returns all maps in the form that `trigger.import` accepts.',
  args: z.strictObject({ ids: z.array(id).max(limits.maps).optional().meta({ fallback: 'all of them' }) }),
  events: { done: z.object({ maps: z.array(map) }) },
  http: true,
  example: { args: { ids: ['pad1'] }, events: { done: { maps: [fullExample] } } },
});

export const triggerImport = defineCommand({
  name: 'trigger.import',
  role: 'play',
  doc: 'Imports maps as returned by `trigger.export` or `trigger.list`, all or none; maps with the same ids are replaced.',
  args: z.strictObject({
    maps: z.array(map).max(limits.maps),
    replace: z.boolean().default(false).describe('remove all other maps'),
  }),
  events: { done: z.object({ maps: z.int().min(0).describe('number of maps afterwards'), understood }) },
  http: true,
  example: { args: { maps: [mapExample], replace: true }, events: { done: { maps: 1 } } },
});
