import { readCardText } from './card.ts';
import type { Voice } from './voice.ts';

interface Kept {
  voice: Voice;
  users: number;
  /** On the shelf no more: closed when the last user leaves. */
  gone: boolean;
}

/** Voices in memory, the least recently used first to go; one that is in use is closed when its last user leaves. */
export class VoiceShelf {
  readonly #most: number;
  readonly #open: (dir: string) => Promise<Voice>;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  /** Looked up one after the other: nobody opens what somebody is about to have opened. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(most: number, open: (dir: string) => Promise<Voice>) {
    this.#most = most;
    this.#open = open;
  }

  dirs(): string[] {
    return [...this.#kept.keys()];
  }

  /** The voice in `dir` as its card there describes it now. Whoever takes it must leave it. */
  take(dir: string): Promise<{ voice: Voice; leave: () => Promise<void> }> {
    const found = this.#last.then(() => this.#find(dir));
    this.#last = found.catch(() => undefined);
    return found.then((kept) => ({ voice: kept.voice, leave: () => this.#leave(kept) }));
  }

  async #find(dir: string): Promise<Kept> {
    const text = await readCardText(dir);
    let kept = this.#kept.get(dir);
    this.#kept.delete(dir);
    if (kept !== undefined && kept.voice.cardText !== text) {
      await this.#drop(kept);
      kept = undefined;
    }
    kept ??= { voice: await this.#open(dir), users: 0, gone: false };
    kept.users += 1;
    this.#kept.set(dir, kept);
    for (const [oldDir, old] of this.#kept) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldDir);
      await this.#drop(old);
    }
    return kept;
  }

  async #drop(kept: Kept): Promise<void> {
    kept.gone = true;
    if (kept.users === 0) await kept.voice.close();
  }

  async #leave(kept: Kept): Promise<void> {
    kept.users -= 1;
    if (kept.users === 0 && kept.gone) await kept.voice.close();
  }
}
