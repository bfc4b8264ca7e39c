import { type ClassArg, ProtocolError, type Understood } from '../../protocol/index.ts';
import type { Voice } from '../voices/voice.ts';
import { lookUp } from '../words/look-up.ts';

export interface ResolvedClass {
  /** The name as the voice spells it, or the normalised weights by name. */
  label: string | Record<string, number>;
  /** One weight per class id, summing to 1. */
  weights: number[];
  /** Names that are no class's, and the class that each was understood as. */
  understood?: Understood[];
}

type VoiceEntry = Voice['classes'][number];

/** Names listed in a message before it becomes a wall. */
const LISTED = 16;

/**
 * A class by name (case does not matter), by id, by other words for it, or a mix; `path` is the argument that names it.
 * Throws unknown_class.
 */
export function resolveClass(voice: Voice, wanted: ClassArg, path = 'args.class'): ResolvedClass {
  const weights = new Array<number>(voice.classCount).fill(0);
  if (typeof wanted !== 'object') {
    const { id, name, understood } = find(voice, wanted, path);
    weights[id] = 1;
    return { label: name, weights, ...told([understood]) };
  }
  const chosen = Object.entries(wanted).map(([key, weight]) => {
    return { ...find(voice, key, `${path}.${key.slice(0, 40)}`), weight };
  });
  // Scaled by the largest first: the sum of huge weights must not become infinite.
  const largest = Math.max(...chosen.map(({ weight }) => weight));
  const sum = chosen.reduce((total, { weight }) => total + weight / largest, 0);
  const label: Record<string, number> = {};
  for (const { id, name, weight } of chosen) {
    weights[id] = (weights[id] ?? 0) + weight / largest / sum;
    label[name] = weights[id];
  }
  return { label, weights, ...told(chosen.map(({ understood }) => understood)) };
}

/** Names and weights of what a clip shall sound like. */
export function weightsOf({ label }: Pick<ResolvedClass, 'label'>): Record<string, number> {
  return typeof label === 'string' ? { [label]: 1 } : label;
}

/** Of an answer: nothing where every class was called by its name. */
export function told(understood: readonly (Understood | undefined)[] = []): { understood?: Understood[] } {
  const some = understood.filter((one) => one !== undefined);
  return some.length === 0 ? {} : { understood: some };
}

function find(voice: Voice, wanted: string | number, path: string): VoiceEntry & { understood?: Understood } {
  const lower = lowerOf(String(wanted));
  const byName = voice.classes.find(({ name }) => lowerOf(name) === lower);
  // The number of a class also counts where only text can be written, as in a mix.
  const number = typeof wanted === 'number' ? wanted : /^\d{1,5}$/.test(wanted) ? Number(wanted) : -1;
  const found = typeof wanted === 'string' && byName ? byName : voice.classes.find(({ id }) => id === number);
  if (found !== undefined) return found;
  const asked = typeof wanted === 'number' ? `id ${wanted}` : JSON.stringify(wanted.slice(0, 40));
  const other = typeof wanted === 'number' ? { nearest: [] } : lookUp(voice.classes, wanted);
  if ('found' in other) return { ...other.found, understood: { name: String(wanted), class: other.found.name } };
  const { id } = voice;
  if ('candidates' in other) {
    const mix = other.candidates.slice(0, 2).map(({ name }) => `${name}:0.5`);
    const message = `${asked} is ambiguous: voice ${id} has ${listed(other.candidates, ' and ')}; name one of them, or a mix as ${mix.join('+')}`;
    throw new ProtocolError('unknown_class', message, { path });
  }
  const hint = other.nearest.length === 0 ? 'it' : `did you mean ${listed(other.nearest, ' or ')}? It`;
  const message = `voice ${id} has no class ${asked}; ${hint} has ${listed(voice.classes, ', ')}`;
  throw new ProtocolError('unknown_class', message, { path });
}

function listed(classes: readonly VoiceEntry[], between: string): string {
  const names = classes.slice(0, LISTED).map(({ name }) => name);
  if (classes.length > LISTED) names.push(`${classes.length - LISTED} more`);
  return names.join(between);
}

/** Other programs write an accented letter as one sign or as two. */
function lowerOf(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
