import { z } from 'zod';
import { defineCommand } from './define.ts';

const problem = z.string().nullable().describe('why there are none, where that is known');

export const deviceList = defineCommand({
  name: 'device.list',
  role: 'play',
  doc: 'Lists what sounds can go to and what MIDI can come from on the machine of the server.',
  args: z.strictObject({}),
  events: {
    done: z.object({
      outputs: z.array(z.string()).describe('audio devices, as `--output` takes them'),
      outputsProblem: problem,
      midi: z.object({
        inputs: z.array(z.string()).describe('MIDI inputs that are listened to'),
        others: z.array(z.string()).describe('MIDI inputs that are there too'),
        problem,
        tempo: z.number().nullable().describe('beats a minute of the MIDI clock that runs'),
      }),
    }),
  },
  http: true,
  osc: {
    address: '/foley/devices',
    id: 'none',
    args: [],
    pairs: false,
    fixed: {},
    example: [],
    replies: {
      done: [
        { address: '/foley/devices', args: ['outputs:*'] },
        { address: '/foley/midi', args: ['midi.inputs:*'] },
      ],
    },
  },
  example: {
    args: {},
    events: {
      done: {
        outputs: ['Built-in Output'],
        outputsProblem: null,
        midi: { inputs: ['Launchpad Mini'], others: [], problem: null, tempo: 120 },
      },
    },
  },
});
