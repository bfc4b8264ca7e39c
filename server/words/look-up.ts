import { wordsOf } from './fold.ts';
import { nearest } from './nearest.ts';
import { knownWords, type Reading, readName, soundOfCatId } from './read.ts';
import type { Sound } from './sounds.ts';

interface Named {
  readonly name: string;
}

/** One class, or why it is none: candidates where the name may be several, else the names that come closest. */
export type LookedUp<C extends Named> = { found: C } | { candidates: C[] } | { nearest: C[] };

interface Read<C extends Named> {
  one: C;
  /** Its words as one. */
  key: string;
  reading: Reading;
}

/** Names of classes that are remembered with what they mean: voices are read anew again and again. */
const MAX_CACHED = 20_000;
const read = new Map<string, Omit<Read<Named>, 'one'>>();

function readClass<C extends Named>(one: C): Read<C> {
  let known = read.get(one.name);
  if (known === undefined) {
    if (read.size >= MAX_CACHED) read.clear();
    known = { key: wordsOf(one.name).join(''), reading: readName(one.name) };
    read.set(one.name, known);
  }
  return { one, ...known };
}

/**
 * The class that a name means where no class is called so. Another way to write a class's name comes first ("dog-bark"),
 * then a CatID of the Universal Category System, then words for sounds.
 */
export function lookUp<C extends Named>(classes: readonly C[], wanted: string): LookedUp<C> {
  const readings = classes.map(readClass);
  const key = wordsOf(wanted).join('');
  const written = key === '' ? [] : readings.filter((of) => of.key === key);
  if (written.length > 0) return oneOf(written.map(({ one }) => one));
  const ofCatId = soundOfCatId(wanted);
  const reading: Reading =
    ofCatId === undefined ? readName(wanted) : { means: new Set([ofCatId]), mentions: new Set([ofCatId]), whole: true };
  const ofSound = (sound: Sound): C[] => readings.filter((of) => of.reading.means.has(sound)).map(({ one }) => one);
  const meant = [...reading.means].map(ofSound);
  const mentioned = [...reading.mentions].flatMap(ofSound);
  if (meant.length > 0 && meant.every((some) => some.length > 0)) {
    const all = new Set([...meant.flat(), ...mentioned]);
    return oneOf(
      narrowed(
        readings.filter(({ one }) => all.has(one)),
        reading,
      ),
    );
  }
  return { nearest: nearest(wanted, new Set(mentioned), namesOf(readings)) };
}

function oneOf<C extends Named>(classes: readonly C[]): LookedUp<C> {
  const [first, ...others] = classes;
  return first !== undefined && others.length === 0 ? { found: first } : { candidates: [...classes] };
}

/** A class that is just what the name says is meant before one that is more, or something special. */
function narrowed<C extends Named>(some: Read<C>[], wanted: Reading): C[] {
  const all = some.filter(({ reading }) => isSubset(wanted.mentions, reading.means));
  if (all.length === 0) return some.map(({ one }) => one);
  const noMore = preferred(all, ({ reading }) => isSubset(reading.means, wanted.mentions));
  return preferred(noMore, ({ reading }) => !wanted.whole || reading.whole).map(({ one }) => one);
}

function preferred<T>(some: T[], fits: (one: T) => boolean): T[] {
  const fitting = some.filter(fits);
  return fitting.length > 0 ? fitting : some;
}

function isSubset<T>(some: ReadonlySet<T>, all: ReadonlySet<T>): boolean {
  return [...some].every((one) => all.has(one));
}

/** What the classes are called, and words for those that are kinds of sound in the table. */
function* namesOf<C extends Named>(readings: readonly Read<C>[]): Iterable<{ name: string; of: C[] }> {
  const bySound = new Map<Sound, C[]>();
  for (const { one, reading } of readings) {
    const words = wordsOf(one.name);
    yield { name: words.join(' '), of: [one] };
    // Who writes "metal" may mean a class MetalImpact.
    if (words.length > 1) for (const word of words) yield { name: word, of: [one] };
    for (const sound of reading.means) {
      const some = bySound.get(sound);
      if (some === undefined) bySound.set(sound, [one]);
      else some.push(one);
    }
  }
  for (const { word, sound } of knownWords()) {
    const of = bySound.get(sound);
    if (of !== undefined) yield { name: word, of };
  }
}
