import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';
import { midiExample, midiState } from './device-list.ts';

const port = z.int().min(0).max(65_535).nullable();

export const serverInfo = defineCommand({
  name: 'server.info',
  role: 'play',
  doc: 'Returns the state of the server: version, engine, ports, limits, queue.',
  args: z.strictObject({}),
  events: {
    done: z.object({
      version: z.string().describe('version of foleyd'),
      uptime: z.number().min(0).describe('time since the start').meta({ unit: 's' }),
      engine: z
        .looseObject({
          state: z.enum(['starting', 'ready', 'stalled', 'restarting', 'closed']),
          provider: z.string(),
          threads: z.int(),
          lanes: z.looseObject({ open: z.int(), most: z.int() }),
          restarts: z.int(),
        })
        .describe('state, execution provider, threads, engine processes (lanes) running and allowed, restarts'),
      ports: z.looseObject({ http: port, osc: port }).describe('ports in use; null if off'),
      limits: z.record(z.string(), z.number()).describe('the limits of this protocol, as in its table'),
      playback: z
        .looseObject({ state: z.enum(['running', 'headless', 'failed', 'closed']), device: z.string().nullable() })
        .nullable()
        .describe(
          'state, device or reason there is none, rate, latency, sounding voices; null until something has been played',
        ),
      midi: midiState,
      queue: z.looseObject({ waiting: z.int().min(0), running: z.int().min(0) }).describe('queued and running jobs'),
    }),
  },
  http: true,
  osc: bareOsc('/foley/info', {
    done: [
      {
        address: '/foley/info',
        args: ['version:s', 'uptime:f', 'engine.state:s', 'engine.provider:s', 'queue.waiting:i', 'queue.running:i'],
      },
    ],
  }),
  example: {
    args: {},
    events: {
      done: {
        version: '0.1.0',
        uptime: 12.5,
        engine: { state: 'ready', provider: 'cpu', threads: 1, lanes: { open: 1, most: 4 }, restarts: 0 },
        ports: { http: 9247, osc: 9248 },
        limits: { frameBytes: 1048576, count: 64 },
        playback: null,
        midi: midiExample,
        queue: { waiting: 0, running: 1 },
      },
    },
  },
});
