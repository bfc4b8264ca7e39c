import { z } from 'zod';
import { limits } from '../limits.ts';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';
import { recordingArgs } from './recording.ts';

export const voiceNearest = defineCommand({
  name: 'voice.nearest',
  role: 'play',
  doc: "Names the training recordings nearest to a clip or to any recording, by the voice's fingerprints: whether a sound is memorised, and who recorded it. The comparison is independent of level and start; of a longer sound every window of a clip's length is compared. Only voices with fingerprints support this.",
  args: z
    .strictObject({
      clip: name.optional().describe('id of a saved clip'),
      ...recordingArgs,
      voice: name
        .optional()
        .describe('voice id')
        .meta({ fallback: "the clip's voice; the active voice for a recording" }),
      count: z.int().min(1).max(limits.nearest).default(3).describe('how many, nearest first'),
    })
    .refine(
      ({ clip, recording }) => (clip === undefined) !== (recording === undefined),
      'expected one of clip and recording',
    ),
  events: {
    done: z.object({
      voice: z.string(),
      memorised: z.boolean().describe("whether its similarity to one of them exceeds that one's limit"),
      recordings: z.array(
        z.object({
          name: z.string().describe("original as in the voice's credits; `;` between several"),
          class: z.string(),
          likeness: z.number().describe('-1 to 1; 1 is the same recording'),
          limit: z.number().describe('highest similarity of two recordings of this class with different originals'),
        }),
      ),
    }),
  },
  http: true,
  example: {
    args: { clip: '9f2c4e5d6a7b8190' },
    events: {
      done: {
        voice: 'default',
        memorised: false,
        recordings: [{ name: 'dog_bark_03.wav', class: 'DogBark', likeness: 0.61, limit: 0.89 }],
      },
    },
  },
});
