import { z } from 'zod';
import { defineCommand } from './define.ts';
import { name } from './fields.ts';

export const voiceInfo = defineCommand({
  name: 'voice.info',
  role: 'play',
  doc: "Returns a voice's card: classes, grid, rates, data, licences, credits, scores.",
  args: z.strictObject({ voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }) }),
  events: { done: z.object({ card: z.looseObject({}).describe("the voice's card.json") }) },
  http: true,
  example: {
    args: { voice: 'default' },
    events: { done: { card: { id: 'default', audio: { rate: 22050, samples: 88200 }, grid: { rows: 40, cols: 43 } } } },
  },
});
