import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const names = z.array(z.string());

/** What MIDI comes from. */
export const midiState = z.object({
  inputs: names.describe('MIDI inputs that are listened to'),
  others: names.describe('MIDI inputs that are there too'),
  problem: z.string().nullable().describe('why there are none, or not those that were asked for'),
  clock: z.string().nullable().describe('the input whose clock counts the beats'),
  tempo: z.number().nullable().describe('beats a minute of that clock'),
});
export const midiExample = {
  ...{ inputs: ['Launchpad Mini', 'foleyd'], others: [], problem: null, clock: 'foleyd', tempo: 120 },
};

export const deviceList = defineCommand({
  name: 'device.list',
  role: 'play',
  doc: 'Lists what sounds can go to and what MIDI can come from on the machine of the server, and what is open.',
  args: z.strictObject({}),
  events: {
    done: z.object({
      outputs: names.describe('audio devices, as `--output` takes them'),
      outputsProblem: z.string().nullable().describe('why there are none, where that is known'),
      output: z.string().nullable().describe('the device that plays; null before the first sound, and without one'),
      midi: midiState,
    }),
  },
  http: true,
  osc: bareOsc('/foley/devices', {
    done: [
      { address: '/foley/devices', args: ['outputs:*'] },
      { address: '/foley/midi', args: ['midi.inputs:*'] },
    ],
  }),
  example: {
    args: {},
    events: {
      done: {
        outputs: ['Built-in Output'],
        outputsProblem: null,
        output: null,
        midi: midiExample,
      },
    },
  },
});
