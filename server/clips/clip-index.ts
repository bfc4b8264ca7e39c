import { ProtocolError } from '../../protocol/index.ts';
import type { ClipEntry } from './clip.ts';
import { newestFirst } from './query.ts';
import type { Sidecar } from './sidecar.ts';

/** In-memory index of the saved clips, oldest first, with listeners for saved and changed clips. */
export class ClipIndex {
  readonly #entries = new Map<string, ClipEntry>();
  readonly #listeners = new Set<(entry: ClipEntry) => void>();
  #bytes = 0;
  #last = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Of the WAVs. */
  get bytes(): number {
    return this.#bytes;
  }

  values(): Iterable<ClipEntry> {
    return this.#entries.values();
  }

  ofJob(job: string): Map<number, ClipEntry> {
    const found = [...this.#entries.values()].flatMap((entry) =>
      entry.origin?.job === job ? [[entry.origin.index, entry] as const] : [],
    );
    return new Map(found);
  }

  /** Later than every clip's that is known, so that the newest is the newest. Milliseconds since 1970. */
  nextTime(now: number): number {
    this.#last = Math.max(this.#last + 1, Math.floor(now));
    return this.#last;
  }

  /** All that were found on the disk, in any order. */
  fill(entries: Iterable<ClipEntry>): void {
    this.#entries.clear();
    this.#bytes = 0;
    for (const entry of [...entries].sort((a, b) => newestFirst(b, a))) this.set(entry);
    this.#last = Math.max(this.#last, [...this.#entries.values()].at(-1)?.created ?? 0);
  }

  /** Replaces the entry of its id, or adds it as the newest. */
  set(entry: ClipEntry): void {
    this.#bytes += entry.bytes - (this.#entries.get(entry.id)?.bytes ?? 0);
    this.#entries.set(entry.id, entry);
  }

  /** Adds a clip that may be older than others. */
  insert(entry: ClipEntry): void {
    this.fill([...this.#entries.values(), entry]);
  }

  forget(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }

  /** Throws bad_args when `most` clips are starred. */
  checkStars(most: number): void {
    const stars = [...this.#entries.values()].filter(({ starred }) => starred).length;
    if (stars < most) return;
    throw new ProtocolError('bad_args', `${stars} clips are starred, as many as this server keeps; unstar one first`, {
      path: 'args.starred',
    });
  }

  /** Calls `listener` with every clip that is saved or changed. Returns the way to stop. */
  watch(listener: (entry: ClipEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  notify(entry: ClipEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }
}

export function entryOf(
  id: string,
  file: string,
  bytes: number,
  { created, name, starred, seconds, recipe, lineage, delivery, origin }: Sidecar,
): ClipEntry {
  const delivered = delivery?.done === true;
  const of = { delivered, class: recipe?.class ?? null, voiceId: recipe?.voiceId ?? null, seed: recipe?.seed ?? null };
  return { id, path: file, bytes, created, name, starred, seconds, origin, from: lineage?.from ?? null, ...of };
}
