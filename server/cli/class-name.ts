import { ProtocolError } from '../../protocol/index.ts';
import { lookUp } from '../words/look-up.ts';
import type { Session } from './session.ts';
import { tellUnderstood } from './understood.ts';

/** Names listed in a message before it becomes a wall. */
const LISTED = 16;

/**
 * The class that a filter names: of a voice, in words that `foleyd generate` takes, or of a saved clip whose voice is gone.
 * Where it is another word for the class, this is said. Throws unknown_class.
 */
export async function classNamed(session: Session, wanted: string): Promise<string> {
  const { voices } = await session.call('voice.list', {});
  const classes = [...new Set(voices.flatMap((voice) => voice.classes.map(({ name }) => name)))];
  const same = classes.find((name) => fold(name) === fold(wanted));
  if (same !== undefined) return same;
  const { total } = await session.call('clip.list', { class: wanted, limit: 1 });
  if (total > 0) return wanted;
  const found = lookUp(
    classes.map((name) => ({ name })),
    wanted,
  );
  if ('found' in found) {
    tellUnderstood({ understood: [{ name: wanted, class: found.found.name }] });
    return found.found.name;
  }
  const asked = JSON.stringify(wanted.slice(0, 40));
  if ('candidates' in found)
    throw new ProtocolError('unknown_class', `${asked} may be ${listed(namesOf(found.candidates), ' or ')}; name one`);
  const near = found.nearest.length === 0 ? '' : `did you mean ${listed(namesOf(found.nearest), ' or ')}? `;
  const there = `${near === '' ? 't' : 'T'}he classes are ${listed(classes, ', ')}`;
  throw new ProtocolError('unknown_class', `no voice or saved clip has a class ${asked}; ${near}${there}`);
}

/** The same of names between commas. */
export async function classesNamed(session: Session, wanted: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of wanted.split(',')) found.push(name.trim() === '' ? '' : await classNamed(session, name.trim()));
  return found;
}

const namesOf = (classes: readonly { name: string }[]): string[] => classes.map(({ name }) => name);
const fold = (text: string): string => text.normalize('NFC').toLowerCase();

function listed(names: readonly string[], between: string): string {
  const more = names.length - LISTED;
  return [...names.slice(0, LISTED), ...(more > 0 ? [`${more} more`] : [])].join(between);
}
