import { distance } from '../../protocol/suggestion.ts';
import { wordsOf } from './fold.ts';

/** Suggestions in a message. */
const MAX_SUGGESTIONS = 3;
/** Signs of a name that are compared. */
const LONGEST = 40;
/** Shorter words are like too many others. */
const SHORTEST = 4;

/** Those of `first`, then those whose names differ from the wanted by the fewest signs: at most a quarter of them ("thunder" is no "Hunde"). */
export function nearest<C>(wanted: string, first: ReadonlySet<C>, names: Iterable<{ name: string; of: C[] }>): C[] {
  const words = wordsOf(wanted.slice(0, LONGEST));
  const texts = [...new Set([words.join(' '), ...words])]
    .filter((text) => text.length >= SHORTEST)
    .map((text) => ({ text, letters: lettersOf(text) }));
  const best = new Map<C, number>();
  for (const { name, of } of names) {
    const letters = lettersOf(name);
    for (const { text, letters: own } of texts) {
      const longer = Math.max(text.length, name.length);
      const most = Math.floor(longer / 4);
      // They differ by at least as much as their lengths do, and a sign replaced changes two letters at most.
      if (Math.abs(text.length - name.length) > most || bits(own ^ letters) > 2 * most) continue;
      const far = distance(text, name, most) / longer;
      if (far > 1 / 4) continue;
      for (const one of of.slice(0, MAX_SUGGESTIONS)) if (far < (best.get(one) ?? 1)) best.set(one, far);
    }
  }
  const close = [...best].sort(([, a], [, b]) => a - b).map(([one]) => one);
  return [...new Set([...first, ...close])].slice(0, MAX_SUGGESTIONS);
}

/** A bit for each letter, or a few that share it. */
function lettersOf(text: string): number {
  let letters = 0;
  for (let i = 0; i < text.length; i++) letters |= 1 << (text.charCodeAt(i) & 31);
  return letters;
}

function bits(of: number): number {
  let count = 0;
  for (let left = of; left !== 0; left &= left - 1) count++;
  return count;
}
