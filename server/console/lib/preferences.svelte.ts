import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';

export type Preference = EventData<'voice.votes', 'done'>['preferences'][number];

/** What listeners preferred in blind comparisons, as the server keeps it. */
class Preferences {
  all = $state.raw<Preference[]>([]);

  async refresh(): Promise<void> {
    try {
      this.all = (await link.call('voice.votes', {})).preferences;
    } catch (error) {
      notices.fail('Could not read the votes', error);
    }
  }

  /** Pairs with this voice, which comes first in each. */
  of(voice: string): Preference[] {
    return this.all.flatMap((one) => {
      if (one.voices[0] === voice) return [one];
      return one.voices[1] === voice ? [turned(one)] : [];
    });
  }

  /** Of two voices, in their order; undefined without votes. */
  between(a: string, b: string): Preference | undefined {
    return this.of(a).find(({ voices }) => voices[1] === b);
  }

  /** False where the vote was not saved. */
  async vote(vote: ArgsInput<'voice.vote'>): Promise<boolean> {
    try {
      const { preference } = await link.call('voice.vote', vote);
      this.all = [...this.#without(vote.voices), preference];
      return true;
    } catch (error) {
      notices.fail('Could not save the vote', error);
      return false;
    }
  }

  async forget(voices: [string, string]): Promise<void> {
    if (!(await link.becomeAdmin())) return;
    try {
      const { deleted } = await link.call('voice.unvote', { voices });
      this.all = this.#without(voices);
      notices.say(`${deleted} ${deleted === 1 ? 'vote was' : 'votes were'} deleted.`);
    } catch (error) {
      notices.fail('Could not delete the votes', error);
    }
  }

  #without(voices: readonly string[]): Preference[] {
    return this.all.filter((one) => !voices.every((voice) => one.voices.includes(voice)));
  }
}

function turned({ voices, hashes, liked, share, low, high, ...rest }: Preference): Preference {
  const pair = { voices: voices.toReversed(), hashes: hashes.toReversed(), liked: liked.toReversed() };
  return { ...rest, ...pair, share: 1 - share, low: 1 - high, high: 1 - low };
}

/** `75 % of 10 pairs (95 % interval 44 to 92 %)`. */
export function saidPreference({ share, votes, low, high }: Preference): string {
  const percent = (of: number): string => String(Math.round(of * 100));
  return `${percent(share)} % of ${votes} ${votes === 1 ? 'pair' : 'pairs'} (95 % interval ${percent(low)} to ${percent(high)} %)`;
}

export const preferences = new Preferences();
