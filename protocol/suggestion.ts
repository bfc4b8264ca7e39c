/** Suggestions in a message. */
const MAX_SUGGESTIONS = 3;
/** Signs of a name that are compared. */
const LONGEST = 40;

/** `; did you mean temperature?`, or nothing where no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const text = wanted.slice(0, LONGEST).toLowerCase().replace(/^\//, '');
  let best: string[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const far = farOf(text, name.toLowerCase().replace(/^\//, ''));
    if (far > 1 / 3 || far > least) continue;
    if (far < least) best = [];
    least = far;
    best.push(name);
  }
  return best.length === 0 ? '' : `; did you mean ${best.slice(0, MAX_SUGGESTIONS).join(' or ')}?`;
}

/** How much of the longer of two texts is to be changed; beyond a third only that it is more. */
function share(a: string, b: string): number {
  const longer = Math.max(a.length, b.length, 1);
  const most = Math.floor(longer / 3);
  if (Math.abs(a.length - b.length) > most) return 1;
  return distance(a, b, most) / longer;
}

/** What two names have in common before their last parts does not make them alike; the last part alone may be meant. */
function farOf(wanted: string, name: string): number {
  const [own, other] = [lastPart(wanted), lastPart(name)];
  const before = wanted.slice(0, -own.length);
  if (own !== '' && before === name.slice(0, -other.length)) return share(own, other);
  return Math.min(share(wanted, name), share(wanted, other));
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1);
}

/**
 * Signs to insert, remove, replace or swap with the next (optimal string alignment); beyond `most` only that it is more.
 */
export function distance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  let smallest = 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const smallestBefore = smallest;
    smallest = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
      smallest = Math.min(smallest, least);
    }
    // A swap reaches over one row.
    if (smallest > most && smallestBefore > most) return most + 1;
    before = last;
    last = row;
  }
  return last[b.length]!;
}
