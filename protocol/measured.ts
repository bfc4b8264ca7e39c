import type { EventData } from './commands/index.ts';

type Score = EventData<'voice.scores', 'done'>['scores'][number];

/**
 * How a score was measured. Only scores with the same text compare: distances by one embedder, to one reference, of as
 * many clips, since few clips lie farther away, of the same classes at the same temperature and
 * guidance, by the same patches of each. The
 * seed is no part of it.
 */
export function measuredBy(score: Score): string {
  const { embedder, reference, clips, temperature, guidance, patches, classes } = score;
  return JSON.stringify([embedder, reference, clips, temperature, guidance, patches, Object.keys(classes).sort()]);
}
