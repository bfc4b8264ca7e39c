import { type ClassArg, ProtocolError } from '../../protocol/index.ts';
import type { Voice } from '../voices/voice.ts';

export interface ResolvedClass {
  /** The name as the voice spells it, or the normalised weights by name. */
  label: string | Record<string, number>;
  /** One weight per class id, summing to 1. */
  weights: number[];
}

/** Names listed in a message before it becomes a wall. */
const LISTED = 16;

/** A class by name (case does not matter), by id, or a mix; `path` is the argument that names it. Throws unknown_class. */
export function resolveClass(voice: Voice, wanted: ClassArg, path = 'args.class'): ResolvedClass {
  const weights = new Array<number>(voice.classCount).fill(0);
  if (typeof wanted !== 'object') {
    const { id, name } = find(voice, wanted, path);
    weights[id] = 1;
    return { label: name, weights };
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
  return { label, weights };
}

function find(voice: Voice, wanted: string | number, path: string): { id: number; name: string } {
  const lower = String(wanted).toLowerCase();
  const byName = voice.classes.find(({ name }) => name.toLowerCase() === lower);
  // The number of a class also counts where only text can be written, as in a mix.
  const number = typeof wanted === 'number' ? wanted : /^\d{1,5}$/.test(wanted) ? Number(wanted) : -1;
  const found = typeof wanted === 'string' && byName ? byName : voice.classes.find(({ id }) => id === number);
  if (found !== undefined) return found;
  const names = voice.classes.slice(0, LISTED).map(({ name }) => name);
  if (voice.classes.length > LISTED) names.push(`${voice.classes.length - LISTED} more`);
  const asked = typeof wanted === 'number' ? `id ${wanted}` : JSON.stringify(wanted.slice(0, 40));
  throw new ProtocolError('unknown_class', `voice ${voice.id} has no class ${asked}; it has ${names.join(', ')}`, {
    path,
  });
}
