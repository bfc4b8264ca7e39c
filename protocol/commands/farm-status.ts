import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const count = z.int().min(0);
const print = z.string().describe('fingerprint: voice, engine, arithmetic and canary clip in one hash');
const arithmetic = z.string().describe('execution provider or class of the processor, and rendering threads');

const worker = z.object({
  worker: z.string(),
  host: z.string(),
  version: z.string(),
  lanes: count,
  slots: count.describe('bulk clips at a time, plus as many live ones'),
  voices: z.array(z.object({ voice: z.string(), name: z.string(), fingerprint: print, arithmetic })),
  live: count.describe('live clips in progress'),
  bulk: count.describe('bulk clips in progress'),
  made: count.describe('clips since it started'),
  failed: count,
  rate: z.number().min(0).describe('over the last minute').meta({ unit: 'clips/s' }),
  uptime: z.number().min(0).meta({ unit: 's' }),
  leaving: z.boolean().describe('it is shutting down and takes no more jobs'),
});

const queue = z.object({
  fingerprint: print,
  urgency: z.enum(['live', 'bulk']),
  waiting: count.describe('jobs that no worker has taken'),
  taken: count.describe('jobs that workers are processing'),
  repeated: count.describe('of these, jobs delivered more than once'),
});

export const farmStatus = defineCommand({
  name: 'farm.status',
  role: 'admin',
  doc: 'Returns the state of the render farm (`serve --farm`): broker, workers, queues, rates, failures.',
  args: z.strictObject({}),
  events: {
    done: z.object({
      state: z.enum(['none', 'open', 'lost']).describe('none: the server has no farm; lost: its broker is unavailable'),
      problem: z.string().nullable().describe('why the broker is unavailable'),
      broker: z.string().nullable().describe('its address and version'),
      workers: z.array(worker).describe('those heard from in the last seconds'),
      queues: z.array(queue),
      own: z
        .array(z.object({ voice: z.string(), fingerprint: print, arithmetic }))
        .describe("fingerprints of this server's voices: only workers with the same ones make its clips"),
      clipBytes: count.describe('size of the clips stored at the broker').meta({ unit: 'bytes' }),
      voiceBytes: count.describe('size of the voices stored there').meta({ unit: 'bytes' }),
      pending: count.describe('clips pending for this server'),
      held: count.describe('of these, clips held until the broker is back'),
      made: count.describe('clips from the farm, since this server started'),
      cached: count.describe("clips from the farm's cache"),
      local: count.describe('clips made by this server instead'),
    }),
  },
  http: true,
  osc: bareOsc('/foley/farm', {
    done: [
      { address: '/foley/farm', args: ['state:s', 'pending:i', 'held:i', 'made:i', 'cached:i', 'local:i'] },
      { address: '/foley/farm/worker', args: ['worker:s', 'slots:i', 'live:i', 'bulk:i', 'rate:f'], each: 'workers' },
    ],
  }),
  example: {
    args: {},
    events: {
      done: {
        state: 'open',
        problem: null,
        broker: 'nats://10.0.0.5:4222, nats-server 2.9.10',
        workers: [
          {
            worker: 'render-1',
            host: 'box1',
            version: '0.1.0',
            lanes: 4,
            slots: 16,
            voices: [
              {
                voice: '944b737939cb',
                name: 'default',
                fingerprint: '7aff59003ac3698dd0de95721bad35ab',
                arithmetic: 'cpu x64-avx2 x1',
              },
            ],
            live: 1,
            bulk: 16,
            made: 5120,
            failed: 0,
            rate: 5.5,
            uptime: 930.5,
            leaving: false,
          },
        ],
        queues: [
          { fingerprint: '7aff59003ac3698dd0de95721bad35ab', urgency: 'bulk', waiting: 96, taken: 16, repeated: 0 },
        ],
        own: [
          { voice: '944b737939cb', fingerprint: '7aff59003ac3698dd0de95721bad35ab', arithmetic: 'cpu x64-avx2 x1' },
        ],
        clipBytes: 1807482880,
        voiceBytes: 58720256,
        pending: 112,
        held: 0,
        made: 5100,
        cached: 20,
        local: 3,
      },
    },
  },
});
