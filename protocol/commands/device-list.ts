import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const names = z.array(z.string());

/** What MIDI comes from. */
export const midiState = z.object({
  inputs: names.describe('open MIDI inputs'),
  others: names.describe('other MIDI inputs on this machine'),
  problem: z.string().nullable().describe('why no input, or not the requested one, is open'),
  clock: z.string().nullable().describe('the input whose MIDI clock is followed'),
  tempo: z.number().nullable().describe('tempo of that clock (beats per minute)'),
});
export const midiExample = {
  inputs: ['Launchpad Mini', 'foleyd'],
  others: [],
  problem: null,
  clock: 'foleyd',
  tempo: 120,
};

export const deviceList = defineCommand({
  name: 'device.list',
  role: 'play',
  doc: "Lists the audio outputs and MIDI inputs of the server's machine, and which are open.",
  args: z.strictObject({}),
  events: {
    done: z.object({
      outputs: names.describe('audio devices, as `--output` takes them'),
      outputsProblem: z.string().nullable().describe('why there are none, if known'),
      output: z.string().nullable().describe('the open output; null before the first sound or if there is none'),
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
