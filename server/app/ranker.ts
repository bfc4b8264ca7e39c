import type { EmbedderClient } from '../evaluation/embedder-client.ts';
import { embedderOf } from '../evaluation/open.ts';
import type { ClipRanker } from '../generation/candidates.ts';
import type { Voice } from '../voices/voice.ts';

function foldersOf({ models }: Pick<Voice, 'models'>): string[] {
  return models.map(({ dir }) => dir);
}

/** Scores candidates with the embedder of their voice. */
export function rankerOf(embedder: EmbedderClient, models: string): ClipRanker {
  return {
    score: async (voice, weights, pcm, rate) =>
      embedder.score(await embedderOf(voice, models), foldersOf(voice), pcm, rate, weights),
    isTrained: async (voice) => {
      const card = await embedder.card(await embedderOf(voice, models)).catch(() => null);
      return card?.ranking !== undefined;
    },
  };
}
