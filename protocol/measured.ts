import type { EventData } from './commands/index.ts';

type Score = EventData<'voice.scores', 'done'>['scores'][number];

/**
 * How a score was measured. Only scores with the same text compare: distances by one embedder, to one reference, of as
 * many clips, since few clips lie farther away, of the same classes at the same temperature and guidance. The seed is no part of it.
 */
export function measuredBy(score: Score): string {
  const { embedder, reference, clips, temperature, guidance, classes } = score;
  return JSON.stringify([embedder, reference, clips, temperature, guidance, Object.keys(classes).sort()]);
}
