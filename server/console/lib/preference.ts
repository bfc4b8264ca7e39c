/** A vote of a blind comparison: which of two voices was liked better on one pair. */
export interface Vote {
  a: string;
  b: string;
  /** `tie`: they were liked alike. */
  liked: 'a' | 'b' | 'tie';
  class: string;
  seed: number;
  at: number;
}

/** Share of votes for `a`, ties counting half, with its 95 % interval by Wilson's score; null without votes. */
export function preference(votes: readonly Vote[]): { share: number; low: number; high: number } | null {
  const n = votes.length;
  if (n === 0) return null;
  const sum = votes.reduce((all, { liked }) => all + (liked === 'a' ? 1 : liked === 'tie' ? 0.5 : 0), 0);
  const [share, z] = [sum / n, 1.96];
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

const KEY = 'foleyd.votes';

export function storedVotes(): Vote[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Vote[];
  } catch {
    return [];
  }
}

export function storeVotes(votes: readonly Vote[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(votes));
  } catch {
    // A browser that keeps nothing: they count until the page is closed.
  }
}
