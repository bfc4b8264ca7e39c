import type { EventData } from '../../../protocol/commands/index.ts';
import { link } from './link.svelte.ts';

export type Score = EventData<'voice.scores', 'done'>['scores'][number];

/** What voices were measured at, oldest first. */
class Scores {
  #all = $state.raw<Score[]>([]);

  /** Voices are listed without their scores where those cannot be read. */
  async refresh(): Promise<void> {
    const told = await link.call('voice.scores', {}).catch(() => null);
    if (told !== null) this.#all = told.scores;
  }

  of(voice: string): Score[] {
    return this.#all.filter((score) => score.voice === voice);
  }
}

export const scores = new Scores();
