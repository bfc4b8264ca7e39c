/** Commands that keep which of two voices a listener preferred, in blind comparisons. */
import { z } from 'zod';
import { defineCommand } from './define.ts';
import { classArg, name, seed } from './fields.ts';

const many = z.int().min(0);
const share = z.number().min(0).max(1);

const pair = z
  .array(name)
  .length(2)
  .refine(([a, b]) => a !== b, 'the two voices are the same')
  .describe('ids of the two voices');

const preference = z.object({
  voices: z.array(z.string()).describe('ids of the two voices'),
  hashes: z.array(z.string()).describe('their hashes, because an id may be reused'),
  votes: many.describe('votes on this pair'),
  liked: z.array(many).describe('votes for each of them'),
  alike: many.describe('votes for no difference'),
  share: share.describe('share of votes for the first; a vote for neither counts half'),
  low: share.describe('lower bound of its 95 % confidence interval, by Wilson'),
  high: share.describe('upper bound'),
});

const example = {
  voices: ['mine', 'default'],
  hashes: [
    '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
    '583d43db2311e7817a884bfd96d7d2e4124c3244fee28bbbae31a89f5ba03b42',
  ],
  votes: 10,
  liked: [7, 2],
  alike: 1,
  share: 0.75,
  low: 0.441,
  high: 0.918,
};

export const voiceVote = defineCommand({
  name: 'voice.vote',
  role: 'play',
  doc: 'Saves which of two voices a listener preferred in one comparison (`voice.compare`), and returns the preference so far.',
  args: z.strictObject({
    voices: pair,
    liked: z.enum(['first', 'second', 'alike']).describe('the preferred voice, in the order of `voices`'),
    class: classArg.optional().describe('class of the clips that were compared'),
    seed: seed.optional().describe('seed of the clips that were compared'),
  }),
  events: { done: z.object({ preference }) },
  http: true,
  example: {
    args: { voices: ['mine', 'default'], liked: 'first', class: 'DogBark', seed: 42 },
    events: { done: { preference: example } },
  },
});

export const voiceVotes = defineCommand({
  name: 'voice.votes',
  role: 'play',
  doc: 'Returns the preferences between voices that `voice.vote` saved, one entry per pair of installed voices.',
  args: z.strictObject({
    voice: name.optional().describe('only pairs with this voice id, which then comes first in each'),
  }),
  events: { done: z.object({ preferences: z.array(preference) }) },
  http: true,
  example: { args: { voice: 'mine' }, events: { done: { preferences: [example] } } },
});

export const voiceUnvote = defineCommand({
  name: 'voice.unvote',
  role: 'admin',
  doc: 'Deletes all votes on a pair of voices.',
  args: z.strictObject({ voices: pair }),
  events: { done: z.object({ voices: z.array(z.string()), deleted: many.describe('votes that were deleted') }) },
  http: true,
  example: {
    args: { voices: ['mine', 'default'] },
    events: { done: { voices: ['mine', 'default'], deleted: 10 } },
  },
});
