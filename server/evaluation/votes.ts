import { BoundedJsonLines } from '../util/bounded-json-lines.ts';

/** What a listener found of one pair of clips. */
export interface Vote {
  /** ISO 8601. */
  when: string;
  voices: [string, string];
  /** Of the voices: a name may come to mean another. */
  hashes: [string, string];
  liked: 'first' | 'second' | 'alike';
  /** Of the clips, where it was said. */
  class: unknown;
  seed: number | null;
}

/** How often one of two voices was preferred. */
export interface Preference {
  voices: [string, string];
  hashes: [string, string];
  votes: number;
  liked: [number, number];
  alike: number;
  /** Of votes for the first, a vote for neither counting half, with its 95 % interval. */
  share: number;
  low: number;
  high: number;
}

/** Votes kept; the oldest go first. */
const MAX_LINES = 10_000;

/** Votes of all listeners, in a file of JSON lines. */
export class VoteHistory {
  readonly #lines: BoundedJsonLines<Vote>;

  constructor(file: string) {
    this.#lines = new BoundedJsonLines(file, MAX_LINES, voteFrom);
  }

  /** Resolves with what is preferred by now, in the order of this vote. Rejects with what the disk says. */
  async add(vote: Vote): Promise<Preference> {
    await this.#lines.add(vote);
    const votes = (await this.#lines.list()).filter(({ hashes }) => pairOf(hashes) === pairOf(vote.hashes));
    return tally(votes, vote);
  }

  /** Resolves with the number of votes that went. Rejects with what the disk says. */
  forget(hashes: readonly [string, string]): Promise<number> {
    return this.#lines.remove((vote) => pairOf(vote.hashes) === pairOf(hashes));
  }

  /** Of each pair that was voted on; with a voice, of its pairs, in which it comes first. Rejects with what the disk says. */
  async preferences(hash?: string): Promise<Preference[]> {
    const pairs = new Map<string, Vote[]>();
    for (const vote of await this.#lines.list()) {
      const votes = pairs.get(pairOf(vote.hashes)) ?? [];
      pairs.set(pairOf(vote.hashes), votes);
      votes.push(vote);
    }
    const all = [...pairs.values()].map((votes) => tally(votes, votes.at(-1)!));
    if (hash === undefined) return all;
    return all.flatMap((one) => {
      if (one.hashes[0] === hash) return [one];
      return one.hashes[1] === hash ? [turnedRound(one)] : [];
    });
  }
}

/** The same for a pair in either order. */
function pairOf(hashes: readonly [string, string]): string {
  return hashes.toSorted().join(' ');
}

/** In the order of `asked`. */
function tally(votes: readonly Vote[], { voices, hashes }: Vote): Preference {
  const counts = { first: 0, second: 0, alike: 0 };
  const turned = { first: 'second', second: 'first', alike: 'alike' } as const;
  for (const { liked, hashes: of } of votes) counts[of[0] === hashes[0] ? liked : turned[liked]] += 1;
  const { first, second, alike } = counts;
  const interval = wilson(first + alike / 2, votes.length);
  return { voices, hashes, votes: votes.length, liked: [first, second], alike, ...interval };
}

/** The same preference with its voices in the other order. */
function turnedRound({ voices, hashes, liked, share, low, high, ...rest }: Preference): Preference {
  return {
    ...rest,
    voices: [voices[1], voices[0]],
    hashes: [hashes[1], hashes[0]],
    liked: [liked[1], liked[0]],
    share: 1 - share,
    low: 1 - high,
    high: 1 - low,
  };
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.96;

/** `hits` of `n` as a share, with its 95 % interval by Wilson's score. */
export function wilson(hits: number, n: number): { share: number; low: number; high: number } {
  const share = hits / n;
  const centre = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function voteFrom(value: unknown): Vote[] {
  const { voices, hashes, liked } = value as Vote;
  const isPair = (of: unknown): boolean =>
    Array.isArray(of) && of.length === 2 && of.every((one) => typeof one === 'string');
  return isPair(voices) && isPair(hashes) && ['first', 'second', 'alike'].includes(liked) ? [value as Vote] : [];
}
