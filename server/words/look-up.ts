import { wordsOf } from './fold.ts';
import { nearest } from './nearest.ts';
import { knownWords, type Reading, readName, soundOfCatId } from './read.ts';
import type { Sound } from './sounds.ts';

interface Named {
  readonly name: string;
}

/** One class, or why it is none: candidates where the name may be several, else the names that come closest. */
export type LookedUp<C extends Named> = { found: C } | { candidates: C[] } | { nearest: C[] };

interface Index<C extends Named> {
  folded: Map<string, C[]>;
  readings: { one: C; reading: Reading }[];
}

const indices = new WeakMap<readonly Named[], Index<Named>>();

function indexOf<C extends Named>(classes: readonly C[]): Index<C> {
  const known = indices.get(classes) as Index<C> | undefined;
  if (known !== undefined) return known;
  const folded = new Map<string, C[]>();
  for (const one of classes) {
    const key = wordsOf(one.name).join('');
    folded.set(key, [...(folded.get(key) ?? []), one]);
  }
  const readings = classes.map((one) => ({ one, reading: readName(one.name) }));
  const index = { folded, readings };
  indices.set(classes, index);
  return index;
}

/**
 * The class that a name means where no class is called so. Another way to write a class's name comes first ("dog-bark"),
 * then a CatID of the Universal Category System, then words for sounds.
 */
export function lookUp<C extends Named>(classes: readonly C[], wanted: string): LookedUp<C> {
  const { folded, readings } = indexOf(classes);
  const key = wordsOf(wanted).join('');
  const written = key === '' ? undefined : folded.get(key);
  if (written !== undefined) return oneOf(written);
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
function narrowed<C extends Named>(some: Index<C>['readings'], wanted: Reading): C[] {
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
function* namesOf<C extends Named>(readings: Index<C>['readings']): Iterable<{ name: string; one: C }> {
  const bySound = new Map<Sound, C[]>();
  for (const { one, reading } of readings) {
    yield { name: wordsOf(one.name).join(' '), one };
    for (const sound of reading.means) bySound.set(sound, [...(bySound.get(sound) ?? []), one]);
  }
  for (const { word, sound } of knownWords()) for (const one of bySound.get(sound) ?? []) yield { name: word, one };
}
