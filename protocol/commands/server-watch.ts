import { z } from 'zod';
import { defineCommand } from './define.ts';
import { hit, hitExample, pool, poolExample, underrun, underrunExample } from './trigger-hits.ts';

const count = z.int().min(0).optional();

export const serverWatch = defineCommand({
  name: 'server.watch',
  role: 'play',
  doc: "Subscribes to the events of the whole server, including other clients': jobs and their rows, hits, pools, refused messages. Runs until cancelled; over OSC while the client sends at least one message a minute. A slow client misses some events.",
  args: z.strictObject({
    jobs: z.boolean().default(true).describe('send `job` events'),
    hits: z.boolean().default(true).describe('send `hit` and `underrun` events'),
    pools: z.boolean().default(true).describe('send `pool` events'),
    refused: z.boolean().default(false).describe('send `refused` events'),
    open: z
      .boolean()
      .default(false)
      .describe('first send `job` events (`queued`, and `started` if it runs) for each job that is open already'),
  }),
  events: {
    accepted: z.object({ jobs: z.boolean(), hits: z.boolean(), pools: z.boolean() }),
    job: z.object({
      job: z.string().describe('job id for admins; for others an alias that only distinguishes jobs'),
      state: z.enum(['queued', 'started', 'row', 'done', 'failed', 'cancelled']),
      clips: count.describe('queued: number of clips'),
      created: z
        .number()
        .optional()
        .describe('queued, of a job that was open already: when it was accepted, since 1970')
        .meta({ unit: 'ms' }),
      made: count.describe('queued, of a job that was open already: finished clips'),
      index: count.describe('row: index of the clip'),
      row: count.describe('row: index of the finished row, from 0'),
      rows: count.describe('row: total rows'),
    }),
    hit,
    underrun,
    pool,
    refused: z.object({
      transport: z.enum(['osc', 'ws', 'http']),
      address: z.string().describe('address of the sender; empty for clients without the admin role'),
      code: z.string().describe('error code'),
      message: z.string(),
    }),
    done: z.object({}),
  },
  osc: {
    address: '/foley/watch',
    id: 'own',
    args: ['jobs', 'hits', 'pools'],
    pairs: true,
    fixed: {},
    example: ['w1', 1, 1, 0],
    replies: {
      accepted: [{ address: '/foley/watching', args: ['id', 'jobs:i', 'hits:i', 'pools:i'] }],
      job: [
        {
          address: '/foley/watch/job',
          args: ['id', 'job:s', 'state:s', 'clips:?', 'index:?', 'row:?', 'rows:?'],
        },
      ],
      hit: [
        {
          address: '/foley/watch/hit',
          args: ['id', 'map:s', 'from:s', 'seed:n', 'late:f', 'remaining:i'],
        },
      ],
      underrun: [{ address: '/foley/watch/underrun', args: ['id', 'map:s', 'voice:i', 'seed:n', 'seconds:f', 'of:f'] }],
      pool: [{ address: '/foley/watch/pool', args: ['id', 'map:s', 'ready:i', 'want:i', 'coming:i'] }],
      done: [{ address: '/foley/watch/done', args: ['id'] }],
    },
  },
  example: {
    args: { pools: false },
    events: {
      accepted: { jobs: true, hits: true, pools: false },
      job: { job: '4f2c4e5d6a7b8190', state: 'row', index: 0, row: 12, rows: 40 },
      hit: hitExample,
      underrun: underrunExample,
      pool: poolExample,
      refused: { transport: 'osc', address: '127.0.0.1:50123', code: 'unknown_command', message: 'no command' },
      done: {},
    },
  },
});
