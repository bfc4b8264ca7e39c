import { z } from 'zod';
import { bareOsc, defineCommand } from './define.ts';

const voice = z.object({
  id: z.string().describe('voice id, as used in `foley.generate`'),
  name: z.string().describe('display name'),
  classes: z.array(z.object({ id: z.int().min(0), name: z.string() })).describe('classes it can generate'),
  hash: z.string().describe('SHA-256 of its graphs, hex'),
  active: z.boolean().describe('whether it is the active voice, used if a request names none'),
});

export const voiceList = defineCommand({
  name: 'voice.list',
  role: 'play',
  doc: 'Lists the voices and their classes.',
  args: z.strictObject({}),
  events: { done: z.object({ voices: z.array(voice).describe('every voice on disk') }) },
  http: true,
  osc: bareOsc('/foley/voices', {
    done: [{ address: '/foley/voice', args: ['id:s', 'name:s', 'active:i', 'classes.name:*'], each: 'voices' }],
  }),
  example: {
    args: {},
    events: {
      done: {
        voices: [
          {
            id: 'default',
            name: 'Default',
            classes: [
              { id: 0, name: 'DogBark' },
              { id: 1, name: 'Footstep' },
            ],
            hash: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
            active: true,
          },
        ],
      },
    },
  },
});
