/** Which key of the computer keyboard, and which MIDI note, plays which class of a voice. */

/** The rows above and below that of the trigger maps. M plays the mix. */
const KEYS = 'qwertyuiopzxcvbn';
/** Of the first class. */
export const FIRST_NOTE = 36;
const OCTAVE = 12;

/** Empty where the keyboard has no key left. */
export function keyOfClass(index: number): string {
  return KEYS[index] ?? '';
}

/** The index of a class; undefined of a key that plays none. */
export function classOfKey(key: string): number | undefined {
  const index = key.length === 1 ? KEYS.indexOf(key) : -1;
  return index < 0 ? undefined : index;
}

export function noteOfClass(index: number): number {
  return FIRST_NOTE + index;
}

/** The index of a class; undefined of a note that plays none. The classes come again in whole octaves. */
export function classOfNote(note: number, classes: number): number | undefined {
  const index = (note - FIRST_NOTE) % octavesOf(classes);
  return note < FIRST_NOTE || index >= classes ? undefined : index;
}

/** The first note above those of the classes, an octave above at least: that of the first trigger map. */
export function firstMapNote(classes: number): number {
  return Math.min(FIRST_NOTE + octavesOf(classes), 127);
}

/** Notes in the octaves that the classes take. */
function octavesOf(classes: number): number {
  return OCTAVE * Math.max(1, Math.ceil(classes / OCTAVE));
}
