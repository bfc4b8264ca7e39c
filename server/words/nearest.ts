import { wordsOf } from './fold.ts';

/** Suggestions in a message. */
const MOST = 3;
/** Signs of a name that are compared. */
const LONGEST = 40;
/** Shorter words are like too many others. */
const SHORTEST = 4;

/** Those of `first`, then those whose names differ from the wanted by the fewest signs: at most a third of them. */
export function nearest<C>(wanted: string, first: ReadonlySet<C>, names: Iterable<{ name: string; one: C }>): C[] {
  const words = wordsOf(wanted.slice(0, LONGEST));
  const texts = new Set([words.join(' '), ...words].filter((text) => text.length >= SHORTEST));
  const best = new Map<C, number>();
  for (const { name, one } of names) {
    for (const text of texts) {
      const most = Math.floor(Math.max(text.length, name.length) / 3);
      // They differ by at least as much as their lengths do.
      if (Math.abs(text.length - name.length) > most) continue;
      const far = distance(text, name) / Math.max(text.length, name.length);
      if (far <= 1 / 3 && far < (best.get(one) ?? 1)) best.set(one, far);
    }
  }
  const close = [...best].sort(([, a], [, b]) => a - b).map(([one]) => one);
  return [...new Set([...first, ...close])].slice(0, MOST);
}

/** Signs to insert, remove, replace or swap with the next (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
