import { graphNames } from '../../cards/graph-names.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { SerialQueue } from '../../util/serial-queue.ts';
import { cardStamp, parseCard, readCardText } from './card.ts';
import type { Voice } from './voice.ts';

interface CachedVoice {
  voice: Voice;
  /** Of its card when it was last read. */
  stamp: string;
  /** Bytes it is counted as. */
  bytes: number;
  users: number;
  /** Evicted: closed when the last user releases it. */
  gone: boolean;
}

/**
 * Measured: graphs of 24 MB in files, half of them in 16-bit floats, take 150 MB once they are loaded, packed for their
 * products, and have run; a voice of half a megabyte takes a few.
 */
const MEMORY_PER_BYTE = 6;
const MEMORY_AT_LEAST = 4 * 2 ** 20;

/** What a voice takes in memory, in bytes, by its card. Its encoder runs elsewhere. */
export function memoryOf({ graphs }: Pick<VoiceCard, 'graphs'>): number {
  const loaded = graphNames.filter((name) => name !== 'encoder');
  const bytes = loaded.reduce((sum, name) => sum + (graphs[name]?.bytes ?? 0), 0);
  return MEMORY_AT_LEAST + MEMORY_PER_BYTE * bytes;
}

/**
 * LRU cache of loaded voices, bounded by their memory. Voices in use are never evicted, so it may exceed its bound
 * until they are released.
 */
export class VoiceCache {
  readonly #max: number;
  readonly #open: (dir: string) => Promise<Voice>;
  /** The least recently used first. */
  readonly #cached = new Map<string, CachedVoice>();
  /** Looked up one after the other: nobody opens what somebody is about to have opened. */
  readonly #queue = new SerialQueue();

  /** @param most bytes of memory that voices may take */
  constructor(most: number, open: (dir: string) => Promise<Voice>) {
    this.#max = most;
    this.#open = open;
  }

  dirs(): string[] {
    return [...this.#cached.keys()];
  }

  /** The voice in `dir` as its card there describes it now. Whoever takes it must leave it. */
  take(dir: string): Promise<{ voice: Voice; leave: () => Promise<void> }> {
    return this.#queue
      .run(() => this.#find(dir))
      .then((cached) => ({
        voice: cached.voice,
        leave: () => this.#leave(cached),
      }));
  }

  async #find(dir: string): Promise<CachedVoice> {
    let text: string;
    let stamp: string;
    try {
      // Before the text: what is written between the two is seen the next time.
      stamp = await cardStamp(dir);
      const known = this.#cached.get(dir);
      if (known?.stamp === stamp) return this.#use(dir, known);
      text = await readCardText(dir);
    } catch (error) {
      // It was deleted, so nobody will ask for it again.
      await this.#drop(dir);
      throw error;
    }
    const known = this.#cached.get(dir);
    if (known?.voice.cardText === text) return this.#use(dir, Object.assign(known, { stamp }));
    await this.#drop(dir);
    const bytes = memoryOf(parseCard(text));
    await this.#makeRoom(bytes);
    return this.#use(dir, { voice: await this.#open(dir), stamp, bytes, users: 0, gone: false });
  }

  /** The one used last is the last to go. */
  #use(dir: string, cached: CachedVoice): CachedVoice {
    this.#cached.delete(dir);
    cached.users += 1;
    this.#cached.set(dir, cached);
    return cached;
  }

  /** For so many bytes more; without any, the voice used last stays even where it alone is too large. */
  async #makeRoom(bytes: number): Promise<void> {
    const last = bytes === 0 ? [...this.#cached.keys()].at(-1) : undefined;
    let taken = bytes;
    for (const cached of this.#cached.values()) taken += cached.bytes;
    for (const [dir, cached] of this.#cached) {
      if (taken <= this.#max) return;
      if (cached.users > 0 || dir === last) continue;
      taken -= cached.bytes;
      await this.#drop(dir);
    }
  }

  async #drop(dir: string): Promise<void> {
    const cached = this.#cached.get(dir);
    this.#cached.delete(dir);
    if (cached === undefined) return;
    cached.gone = true;
    if (cached.users === 0) await cached.voice.close();
  }

  async #leave(cached: CachedVoice): Promise<void> {
    cached.users -= 1;
    if (cached.users > 0) return;
    if (cached.gone) await cached.voice.close();
    // Not waited for: another voice may be loading right now. A voice that cannot be closed fails nobody's clip.
    else this.#queue.run(() => this.#makeRoom(0)).catch(() => undefined);
  }
}
